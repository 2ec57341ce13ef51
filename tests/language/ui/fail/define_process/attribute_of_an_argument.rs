use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(#[serde(default)] size: u8, #[defualt] album: String) {
        process! {
            seq { resize; }
        }
    }

    #[task]
    fn resize(&self, size: u8, album: String) {
        let _ = (size, album);
    }
}

fn main() {}
