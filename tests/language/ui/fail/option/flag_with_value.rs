use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process(finish_siblings = true)]
impl Album {
    fn define_process() {
        process! {
            seq { resize; }
        }
    }

    #[task]
    fn resize(&self) {}
}

fn main() {}
