use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(photos: Vec<String>) {
        process! {
            seq { each path in photo { resize; } }
        }
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
