use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process(priority = 1.5)]
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
