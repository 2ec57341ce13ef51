use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String, albums: Vec<String>) {
        process! {
            seq { each album in albums { resize; } }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
