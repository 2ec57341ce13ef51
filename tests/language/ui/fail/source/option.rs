use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {}

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
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[each(extends, retries = 3)]
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }
}

fn main() {}
