use tasktronaut::prelude::*;

struct Album<T>(T);

#[process]
impl<T> Album<T> {
    fn define_process() {
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self) {}
}

fn main() {}
