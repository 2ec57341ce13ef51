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

    #[task(retries = 3, retries = 4)]
    fn resize(&self) {}
}

fn main() {}
