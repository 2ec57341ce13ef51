use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Default)]
struct Cover;

#[process]
impl Cover {
    fn define_process(album: String) {
        process! { seq { draw; } }
    }

    #[task]
    fn draw(&self, album: String) {
        drop(album);
    }
}

#[process]
impl Album {
    fn define_process(album: String, photos: Vec<String>) {
        process! {
            seq { sub Cover(album) "The cover"; }
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
