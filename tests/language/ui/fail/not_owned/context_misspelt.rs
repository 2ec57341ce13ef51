use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String, photos: Vec<String>) {
        process! {
            seq { show; }
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
    fn show(&self, context: &Contxt) {}
}

fn main() {}
