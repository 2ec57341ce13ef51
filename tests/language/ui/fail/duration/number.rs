use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; }
        }
    }

    #[task(timeout = 30)]
    fn resize(&self) {}
}

fn main() {}
