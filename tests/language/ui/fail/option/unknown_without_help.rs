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

    #[task(colour = "red")]
    fn resize(&self) {}
}

fn main() {}
