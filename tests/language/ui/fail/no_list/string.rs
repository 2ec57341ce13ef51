use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(name: String) {
        process! {
            seq { each path in name { resize; } }
        }
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
