use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: u8) {
        process! {
            seq { each photos { resize; } }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[each]
    fn photos(&self, album: String) -> Vec<Photo> {
        let _ = album;
        Vec::new()
    }
}

fn main() {}
