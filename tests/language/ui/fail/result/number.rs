use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { count; }
        }
    }

    #[task]
    fn count(&self) -> u32 {
        1
    }
}

fn main() {}
