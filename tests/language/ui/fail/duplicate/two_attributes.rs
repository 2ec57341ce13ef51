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
    #[each]
    fn show(&self) -> Vec<String> {
        Vec::new()
    }
}

fn main() {}
