use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { photos; }
        }
    }

    #[each]
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }
}

fn main() {}
