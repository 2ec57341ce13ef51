use tasktronaut::prelude::*;
use tasktronaut::{ProcessDefinition, Task};

mod covers {
    use tasktronaut::prelude::*;

    #[derive(Default)]
    pub struct Cover;

    #[process]
    impl Cover {
        fn define_process(album: String, #[default] size: u8, note: Option<String>) {
            process! { seq { draw; } }
        }

        #[task]
        fn draw(album: String, size: u8, note: Option<String>) {
            let _ = (album, size, note);
        }
    }

    #[derive(Default)]
    pub struct Nothing;

    #[process]
    impl Nothing {
        fn define_process() {
            process! { seq { rest; } }
        }

        #[task]
        fn rest() {}
    }

    #[derive(Default)]
    pub struct Written;

    #[process]
    impl Written {
        fn define_process(&self, builder: &mut Builder<Self>) {
            builder.task("rest");
        }

        #[task]
        fn rest() {}
    }
}

struct ByHand;

impl ProcessDefinition for ByHand {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "by-hand"
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        &[]
    }

    fn instance() -> Option<Self> {
        Some(Self)
    }

    fn define_process(&self, _: &mut Builder<Self>) -> Result<(), BuildError> {
        Ok(())
    }
}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String, albums: Vec<String>) {
        process! {
            seq {
                sub covers::Cover;
                sub covers::Nothing "Nothing";
                sub crate::covers::Written;
                sub ByHand;
                each one in albums { sub covers::Cover }
                each items { sub covers::Cover; }
            }
        }
    }

    #[each]
    fn items(&self) -> Vec<Item> {
        vec![Item { album: "a".into() }]
    }
}

#[derive(Serialize)]
struct Item {
    album: String,
}

fn main() {
    let process = Album::process(AlbumArgs { album: "a".into(), albums: Vec::new() }).build().unwrap();
    assert_eq!(process.tasks().count(), 4);
}
