use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { println!("resized"); resize; }
        }
    }

    #[task]
    fn resize(&self) {}
}

fn main() {}
