use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! { seq { resize; } }
    }

    #[cfg_attr(all(), task)]
    fn resize(&self) {}
}

fn main() {}
