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

    #[task(retries = 3 timeout = "30s")]
    fn resize(&self) {}
}

fn main() {}
