use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        let _ = 1;
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
