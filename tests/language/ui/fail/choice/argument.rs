use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(fast: bool) {
        process! {
            seq {
                if option(fast) { resize; }
            }
        }
    }

    #[task]
    fn resize(&self, fast: bool) {
        let _ = fast;
    }
}

fn main() {}
