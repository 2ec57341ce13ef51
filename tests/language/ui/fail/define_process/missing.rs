use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
