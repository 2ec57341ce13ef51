use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Serialize)]
struct Photo {
    paths: String,
}

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { each photos { resize; } }
        }
    }

    #[each]
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
