use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; show; }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    extern "C" fn show(&self) {}
}

fn main() {}
