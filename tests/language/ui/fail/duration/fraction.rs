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

    #[task(backoff = "1.5s")]
    fn resize(&self) {}
}

fn main() {}
