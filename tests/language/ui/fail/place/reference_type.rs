use tasktronaut::prelude::*;

struct Album;

#[process]
impl &Album {
    fn define_process() {
        process! { seq { resize; } }
    }
}

fn main() {}
