use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Serialize)]
struct Photo {
    path: String,
}

#[process]
impl Album {
    fn define_process(album: String, photos: Vec<String>) {
        process! {
            seq { each items { create; } }
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

    #[each(extends)]
    fn items(&self) -> Vec<Photo> {
        Vec::new()
    }
}

fn main() {}
