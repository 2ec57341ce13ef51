use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {
    file: String,
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
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }

    #[transform]
    fn settings(&self) -> Photo {
        Photo { file: String::new() }
    }
}

fn main() {}
