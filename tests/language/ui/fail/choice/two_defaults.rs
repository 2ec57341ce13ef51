use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq {
                if option(notify = true) { resize; }
                if option(notify) { resize; }
                if option(size = 10) { resize; } else if option(size = 10) { resize; }
            }
        }
    }

    #[task]
    fn resize(&self) {}
}

fn main() {}
