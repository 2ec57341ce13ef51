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

    #[task(timeout = "1h30m")]
    fn resize(&self) {}
}

fn main() {}
