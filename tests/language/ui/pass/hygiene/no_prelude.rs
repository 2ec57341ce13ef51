//! Nothing of the crate is imported.
#[derive(Default)]
struct Ping;

#[tasktronaut::process]
impl Ping {
    fn define_process() {
        process! { seq { ping; } }
    }

    #[tasktronaut::task(retries = 2)]
    fn ping(&self, context: &tasktronaut::Context) -> Result<(), tasktronaut::TaskError> {
        let _ = context.task().len();
        Ok(())
    }
}

fn main() {
    Ping::process().build().unwrap();
}
