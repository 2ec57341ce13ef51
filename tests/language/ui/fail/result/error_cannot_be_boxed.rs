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
    fn count(&self) -> Result<(), u32> {
        Ok(())
    }
}

fn main() {}
