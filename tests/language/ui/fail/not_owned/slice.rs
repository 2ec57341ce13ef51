use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(names: Vec<String>) {
        process! {
            seq { resize; show; }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn show(&self, names: &[String]) {
        let _ = names;
    }
}

fn main() {}
