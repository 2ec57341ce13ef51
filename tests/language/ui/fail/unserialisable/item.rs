use tasktronaut::prelude::*;

struct Handle;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { each handles { resize; } }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[each]
    fn handles(&self) -> Vec<Handle> {
        Vec::new()
    }
}

fn main() {}
