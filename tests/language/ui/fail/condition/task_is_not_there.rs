use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; draft; }
        }
    }

    #[task]
    fn resize(&self) {}

    #[cfg(any())]
    #[task]
    fn draft(&self) {}
}

fn main() {}
