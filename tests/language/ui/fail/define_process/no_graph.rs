use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(name: String) {
        println!("{name}");
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
