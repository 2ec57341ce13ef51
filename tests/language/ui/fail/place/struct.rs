use tasktronaut::prelude::*;

#[process]
struct Album;

fn main() {}
