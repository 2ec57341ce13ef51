use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String, photos: Vec<String>) {
        process! {
            seq { create -> announce }
        }
    }

    #[task]
    fn create(&self, album: String) {
        drop(album);
    }

    #[task]
    fn resize(&self, path: String) {
        drop(path);
    }
}

fn main() {}
