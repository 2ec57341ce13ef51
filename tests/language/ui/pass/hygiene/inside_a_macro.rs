//! A `macro_rules!` may write processes.
use tasktronaut::prelude::*;

macro_rules! pair {
    ($name:ident, $first:ident, $second:ident: $kind:ty, $text:literal, $size:expr) => {
        #[derive(Default)]
        struct $name;

        #[derive(Serialize)]
        struct Item {
            $second: $kind,
        }

        #[process(description = $text)]
        impl $name {
            fn define_process($second: $kind, #[default($size)] size: u8, list: Vec<$kind>) {
                process! {
                    seq $text {
                        $first $text;
                        other;
                        each items { $first; }
                        each $first in list { third; }
                        sub $crate::Child;
                    }
                }
            }

            #[task(description = $text)]
            async fn $first(&self, context: &Context, $second: $kind) {
                let _ = (context.task().len(), $second);
            }

            #[task]
            fn other(&self, size: u8) {
                let _ = size;
            }

            #[task]
            fn third(&self, $first: Option<$kind>) {
                let _ = $first;
            }

            #[each]
            fn items(&self, $second: $kind) -> Vec<Item> {
                vec![Item { $second }]
            }

            async fn on_started(&self, identifier: &str) {
                let _ = identifier.len();
            }
        }
    };
}

#[derive(Default)]
struct Child;

#[process]
impl Child {
    fn define_process(name: String) {
        process! { seq { show; } }
    }

    #[task]
    fn show(name: String) {
        let _ = name;
    }
}

mod inner {
    use super::*;

    pair!(Pair, greet, name: String, "Greet", 3);

    pub fn count() -> usize {
        Pair::process(PairArgs { name: "a".into(), size: 1, list: vec!["a".into()] }).build().unwrap().tasks().count()
    }
}

fn main() {
    assert_eq!(inner::count(), 5);
}
