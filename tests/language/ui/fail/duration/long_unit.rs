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

    #[task(timeout = "2 minutes")]
    fn resize(&self) {}
}

fn main() {}
