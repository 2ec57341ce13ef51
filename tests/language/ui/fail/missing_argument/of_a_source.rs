use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {
    path: String,
}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { each photos { resize; } }
        }
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }

    #[each]
    fn photos(&self, album: String) -> Vec<Photo> {
        vec![Photo { path: album }]
    }
}

fn main() {}
