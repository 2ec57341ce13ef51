use tasktronaut::prelude::*;

struct Handle;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(handle: Handle) {
        process! {
            seq { show; }
        }
    }

    #[task]
    fn show(&self, handle: Handle) {
        let _ = handle;
    }
}

fn main() {}
