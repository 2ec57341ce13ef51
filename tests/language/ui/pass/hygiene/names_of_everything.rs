//! Tasks and arguments may have the names of macros, of methods of Rust's own traits, and of what is generated.
use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(
        call: u8,
        arguments: u8,
        builder: u8,
        this: u8,
        items: u8,
        encoder: u8,
        context: u8,
        item: u8,
        value1: u8,
        scope: u8,
    ) {
        process! {
            seq { vec; println; new; default; clone; drop; decode; build; each numbers { item; sub Inner; } }
        }
    }

    #[task]
    fn vec(&self) {}

    #[task]
    fn println(&self) {}

    #[task]
    fn new() {}

    #[task]
    fn default() {}

    #[task]
    fn clone(&self) {}

    #[task]
    fn drop(&self) {}

    #[task]
    fn decode(&self, call: u8, arguments: u8, builder: u8, this: u8, items: u8, encoder: u8, context: u8) {
        assert_eq!([call, arguments, builder, this, items, encoder, context], [1; 7]);
    }

    #[task]
    async fn build(&self, arguments: u8, call: u8, context: &Context) {
        let _ = context.attempt();
        assert_eq!([arguments, call], [1; 2]);
    }

    #[task]
    fn item(&self, value: u8, item: u8) {
        assert_eq!([value, item], [1; 2]);
    }

    #[each]
    fn numbers(&self, item: u8, value1: u8, scope: u8, this: u8, items: u8) -> Vec<Number> {
        vec![Number { value: item, item: value1, scope: scope + this + items }]
    }
}

#[derive(Serialize)]
struct Number {
    value: u8,
    item: u8,
    scope: u8,
}

#[derive(Default)]
struct Inner;

#[process]
impl Inner {
    fn define_process(value: u8, item: u8, scope: u8) {
        process! { seq { known; } }
    }

    #[task]
    fn known(&self, value: u8, item: u8, scope: u8) {
        assert_eq!([value, item, scope], [1, 1, 3]);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = r#"{"call":1,"arguments":1,"builder":1,"this":1,"items":1,"encoder":1,"context":1,"item":1,
        "value1":1,"scope":1}"#;
    let arguments: AlbumArgs = serde_json::from_str(arguments).unwrap();
    Album::process(arguments).build().unwrap().run().await.unwrap();
}
