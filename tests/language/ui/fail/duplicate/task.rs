use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; show; }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn show(&self) {}

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
