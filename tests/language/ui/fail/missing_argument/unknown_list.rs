use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { each path in photos { resize; } }
        }
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
