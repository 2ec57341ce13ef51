use tasktronaut::prelude::*;
use tasktronaut::Next;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! { seq { rest; } }
    }

    #[task]
    fn rest() {}

    fn on_started(&self, identifier: &str) {
        let _ = identifier.len();
    }

    async fn on_completed(&self, _id: &str) -> Result<(), std::io::Error> {
        Ok(())
    }

    fn on_cancelled(&self, _: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    async fn on_failed(&self, _identifier: &str, _step: &str, _error: &tasktronaut::TaskError) {}

    async fn on_task_failed(&self, context: &tasktronaut::Context, error: &TaskError) {
        let _ = (context.task().len(), error.to_string());
    }

    async fn around_task<'a>(&self, context: &Context, next: Next<'a>) -> Result<(), TaskError> {
        let _ = context.task().len();
        next.run().await
    }
}

fn main() {
    Album::process().build().unwrap();
}
