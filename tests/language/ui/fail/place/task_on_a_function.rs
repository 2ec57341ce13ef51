use tasktronaut::prelude::*;

#[task]
fn resize() {}

fn main() {}
