use tasktronaut::prelude::*;

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
    fn photos(&self) -> u8 {
        3
    }
}

fn main() {}
