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
    async fn count(&self) -> Option<u32> {
        None
    }
}

fn main() {}
