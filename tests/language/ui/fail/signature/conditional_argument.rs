use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(#[cfg(windows)] path: String) {
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self, path: String) {
        drop(path);
    }
}

fn main() {}
