use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(path: String) {
        process! { seq { resize; watermark; } }
    }

    #[task]
    fn resize(&self, path: ) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
