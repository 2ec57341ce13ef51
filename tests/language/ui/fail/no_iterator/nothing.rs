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
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[each]
    fn photos(&self) {}
}

fn main() {}
