//! Processes embedded where the fields of an item are the arguments: found by whatever name, and asked for what they
//! need where that can be known.

use std::collections::BTreeMap;

use tasktronaut::prelude::*;
use tasktronaut::{ProcessDefinition, Task};

use covers::Cover as Renamed;

#[derive(Clone, Serialize, Deserialize)]
pub struct Item {
    album: String,
    r#type: u8,
    list: Vec<u8>,
}

pub mod covers {
    use tasktronaut::prelude::*;

    #[derive(Default)]
    pub struct Cover;

    #[process]
    impl Cover {
        fn define_process(album: String, r#type: u8, #[default] size: u8, note: Option<String>) {
            process! { seq { draw; } }
        }

        #[task]
        fn draw(album: String, r#type: u8, size: u8, note: Option<String>) {
            let _ = (album, r#type, size, note);
        }
    }

    pub type Alias = Cover;

    /// Embeds the one that embeds it: known when a process is built.
    #[derive(Default)]
    pub struct Outer;

    #[process]
    impl Outer {
        fn define_process() {
            process! { seq { each items { sub deep::Inner; sub self::Cover; } } }
        }

        #[each]
        fn items(&self) -> Vec<crate::Item> {
            Vec::new()
        }
    }

    pub mod deep {
        use tasktronaut::prelude::*;

        use super::*;

        #[derive(Default)]
        pub struct Inner;

        #[process]
        impl Inner {
            fn define_process() {
                process! { seq { each items { sub super::Cover; sub Outer; sub crate::covers::Cover; sub Alias; } } }
            }

            #[each]
            fn items(&self) -> Vec<crate::Item> {
                Vec::new()
            }
        }
    }
}

pub use covers::*;

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
struct Written;

#[process]
impl Written {
    fn define_process(&self, builder: &mut Builder<Self>) {
        process! { builder => each items { sub Cover; } }
    }

    #[each]
    fn items(&self) -> Vec<Item> {
        Vec::new()
    }
}

#[derive(Default)]
struct Number<T>(T);

#[process]
impl Number<u8> {
    fn define_process(t: u8, album: String) {
        process! { seq { show; } }
    }

    #[task]
    fn show(t: u8, album: String) {
        let _ = (t, album);
    }
}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(items: Vec<Item>) {
        process! {
            seq {
                each all {
                    sub Cover;
                    sub Renamed;
                    sub covers::Alias "The same";
                    sub ByHand;
                    sub Written;
                    each t in list { sub Number<u8>; }
                }
                each described { sub Cover; }
                each results { sub Cover; }
                each maps { sub Cover; }
                transform one { transform json { sub Cover; } }
            }
        }
    }

    #[each]
    fn all(&self, items: Vec<Item>) -> Vec<Item> {
        items
    }

    #[each]
    fn described(&self, items: Vec<Item>) -> impl Iterator<Item = Described<Item>> {
        items.into_iter().map(|item| Described::new(item, "one"))
    }

    #[each]
    async fn results(&self, items: Vec<Item>) -> Result<Vec<Item>, BoxError> {
        Ok(items)
    }

    #[each]
    fn maps(&self) -> Vec<BTreeMap<String, String>> {
        Vec::new()
    }

    #[transform]
    fn one(&self, items: Vec<Item>) -> Item {
        items[0].clone()
    }

    #[transform]
    fn json(&self, album: String) -> serde_json::Value {
        serde_json::json!({ "album": album, "type": 3 })
    }
}

macro_rules! made {
    ($name:ident, $embedded:ident) => {
        #[derive(Default)]
        struct $name;

        #[process]
        impl $name {
            fn define_process() {
                process! { seq { each items { sub $embedded; } } }
            }

            #[each]
            fn items(&self) -> Vec<Item> {
                Vec::new()
            }
        }
    };
}

made!(Made, Cover);
made!(MadeOfMade, Made);

fn main() {
    #[derive(Default)]
    struct Local;

    #[process]
    impl Local {
        fn define_process(album: String) {
            process! { seq { show; } }
        }

        #[task]
        fn show(album: String) {
            drop(album);
        }
    }

    made!(OfLocal, Local);
    OfLocal::process().build().unwrap();
    MadeOfMade::process().build().unwrap();

    let items = vec![Item { album: "a".into(), r#type: 1, list: vec![1, 2] }];
    let process = Album::process(AlbumArgs { items }).build().unwrap();
    assert_eq!(process.tasks().count(), 3 + 2 + 1 + 1 + 1);
}
