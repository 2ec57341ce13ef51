use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(name: &str) {
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self, name: String) {
        let _ = name;
    }
}

fn main() {}
