use tasktronaut::prelude::*;

fn define_process() {
    process! { seq { resize; } }
}

fn main() {}
