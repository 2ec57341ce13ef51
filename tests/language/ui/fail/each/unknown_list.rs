use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String, photos: Vec<String>) {
        process! {
            seq { each photo in fotos { resize; } }
        }
    }

    #[task]
    fn resize(&self, photo: String) {
        let _ = photo;
    }
}

fn main() {}
