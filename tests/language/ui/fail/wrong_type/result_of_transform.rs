use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {
    path: u8,
}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { transform settings { resize; } }
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
        Photo { path: 1 }
    }
}

fn main() {}
