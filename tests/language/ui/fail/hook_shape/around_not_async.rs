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

    fn around_task(&self, _context: &Context, _next: Next<'_>) -> Result<(), TaskError> {
        Ok(())
    }
}

fn main() {}
