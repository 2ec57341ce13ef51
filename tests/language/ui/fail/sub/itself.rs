use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; par { sub Album; sub Self; } }
        }
    }

    #[task]
    fn resize(&self) {}
}

fn main() {}
