use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; }
        }
    }

    #[task]
    fn resize(&self) {}

    async fn on_failed(&self, _identifier: &str, _error: &TaskError) {}
}

fn main() {}
