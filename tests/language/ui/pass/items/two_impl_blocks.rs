//! Other impl blocks of the type, and tasks that nothing names.
use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

impl Album {
    fn helper(&self) {}
}

#[process]
impl Album {
    fn define_process() {
        process! { par { show; } }
    }

    #[task]
    fn show(&self) {
        self.helper();
    }

    #[task]
    fn never_named(&self, name: String) {
        let _ = name;
    }
}

fn main() {}
