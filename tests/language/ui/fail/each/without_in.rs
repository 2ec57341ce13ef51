use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(photos: Vec<String>) {
        process! {
            seq { each path photos { resize; } create; }
        }
    }

    #[task]
    fn create(&self, photos: Vec<String>) {
        let _ = photos;
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
