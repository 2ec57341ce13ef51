use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Serialize, Deserialize)]
struct Photo {
    path: String,
}

#[process]
impl Album {
    fn define_process(photos: Vec<Photo>) {
        process! {
            par { each photo in photos { resize; } }
        }
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
