use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(start: std::time::Instant) {
        process! {
            seq { resize; }
        }
    }

    #[task]
    fn resize(&self) {}
}

fn main() {}
