use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq {
                resize;
                resize;
                par { resize; }
            }
        }
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
