use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Serialize)]
struct Item {
    r#type: String,
}

#[process]
impl Album {
    fn define_process(r#match: String, list: Vec<u8>) {
        process! {
            seq {
                r#move;
                r#sub;
                each r#loop { r#as; }
                each r#in in list { r#use; }
                if option(r#if) { r#move; }
            }
        }
    }

    #[task]
    fn r#move(&self, r#match: String) {
        let _ = r#match;
    }

    #[task]
    fn sub(&self) {}

    #[task]
    fn r#as(&self, r#type: String) {
        let _ = r#type;
    }

    #[task]
    fn r#use(&self, r#in: u8) {
        let _ = r#in;
    }

    #[each]
    fn r#loop(&self) -> Vec<Item> {
        vec![Item { r#type: "a".into() }]
    }
}

fn main() {
    let process = Album::process(AlbumArgs { r#match: "a".into(), list: vec![1] }).build().unwrap();
    let names: Vec<_> = process.tasks().filter_map(|task| task.task()).collect();
    assert_eq!(names, ["move", "sub", "as", "use"]);
}
