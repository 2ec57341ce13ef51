use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { each photo in photos { resize; } }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[each]
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }

    #[transform]
    fn settings(&self) -> Photo {
        Photo {}
    }
}

fn main() {}
