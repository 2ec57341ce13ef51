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

    async fn on_task_failed(&self, _context: &Context, _error: &std::io::Error) {}
}

fn main() {}
