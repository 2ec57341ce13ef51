use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; }
        }
    }

    #[task = "Resize the photo"]
    fn resize(&self) {}
}

fn main() {}
