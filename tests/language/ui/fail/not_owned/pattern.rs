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
    fn show(&self, (width, height): (u32, u32)) {
        let _ = (width, height);
    }
}

fn main() {}
