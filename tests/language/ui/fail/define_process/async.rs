use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    async fn define_process() {
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
