use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(names: Vec<(u8, u8)>) {
        process! {
            seq { each (a, b) in names { resize; } }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
