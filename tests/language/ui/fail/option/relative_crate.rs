use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process(crate = renamed)]
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
