use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(&self, graph: &mut Builder<Self>) {
        process! { create; }
    }

    #[task]
    fn create(&self) {}
}

fn main() {}
