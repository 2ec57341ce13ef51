use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { helper; }
        }
    }

    fn helper(&self) {}
}

fn main() {}
