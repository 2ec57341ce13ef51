use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String, photos: Vec<String>) {
        process! {
            seq { create; }
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

    #[task]
    const SIZE: u8 = 5;
}

fn main() {}
