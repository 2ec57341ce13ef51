use tasktronaut::prelude::*;

struct Handle;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { transform handle { resize; } }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[transform]
    fn handle(&self) -> Handle {
        Handle
    }
}

fn main() {}
