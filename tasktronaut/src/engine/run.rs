//! `process.run().await`: a process here and now.

use super::handle::ProcessError;
use super::worker::Worker;
use crate::backend::LocalBackend;
use crate::definition::process::Process;

impl Process {
    /// Runs the process in this program and waits for its end. An error says that it failed or was cancelled.
    ///
    /// Nothing of it survives the program; for that, and to watch or cancel it, [`enqueue`](Self::enqueue) it.
    /// Dropping the future stops the process.
    ///
    /// ```
    /// # use tasktronaut::prelude::*;
    /// # #[derive(Default)]
    /// # struct Greeting;
    /// # #[process]
    /// # impl Greeting {
    /// #     fn define_process(name: String) { process! { seq { say_hello; } } }
    /// #     #[task]
    /// #     async fn say_hello(&self, name: String) { println!("Hello {name}!"); }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// Greeting::process(GreetingArgs { name: "Ada".into() }).build()?.run().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run(&self) -> Result<(), ProcessError> {
        let backend = LocalBackend::new();
        let worker = Worker::new(backend.clone()).start()?;
        let handle = self.enqueue(&backend).await?;
        let ended = handle.wait().await;
        // Nothing of it is left but, perhaps, a function that took too long: nobody waits for that.
        drop(worker);
        ended
    }
}
