use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; Cover; }
        }
    }

    #[task]
    fn resize(&self) {}
}

#[derive(Default)]
struct Cover;

#[process]
impl Cover {
    fn define_process() {
        process! { seq { draw; } }
    }

    #[task]
    fn draw(&self) {}
}

fn main() {}
