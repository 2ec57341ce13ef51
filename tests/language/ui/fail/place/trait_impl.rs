use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Clone for Album {
    fn clone(&self) -> Self {
        Album
    }
}

fn main() {}
