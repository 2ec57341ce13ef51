use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            par {
                each i in 0..3 { resize; }
            }
        }
    }

    #[task]
    fn resize(&self, i: u8) {
        let _ = i;
    }
}

fn main() {}
