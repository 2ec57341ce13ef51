use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(path: String) {
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self, path: String);
}

fn main() {}
