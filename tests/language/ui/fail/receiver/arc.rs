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
    fn show(self: std::sync::Arc<Self>) {}
}

fn main() {}
