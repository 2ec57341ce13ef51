use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! { seq { resize; watermark; } }
    }

    fn helper(&self) {
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
