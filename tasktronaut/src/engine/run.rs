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
        // Whatever queues its jobs ask for: there is nobody else to work on them.
        let worker = Worker::new(backend.clone()).queues(self.queues()).start()?;
        let handle = self.enqueue(&backend).await?;
        let ended = handle.wait().await;
        // Nothing of it is left but, perhaps, a function that took too long: nobody waits for that.
        drop(worker);
        ended
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{Arguments, BuildError, Builder, ProcessBuilder, ProcessDefinition, Task};

    /// A definition whose first task has a queue of its own.
    struct Film;

    impl ProcessDefinition for Film {
        type Arguments = Arguments;

        fn name(&self) -> &'static str {
            "film"
        }

        fn queue(&self) -> Option<&'static str> {
            Some("studio")
        }

        fn tasks(&self) -> &'static [Task<Self>] {
            const TASKS: &[Task<Film>] =
                &[Task::plain("render", |_| Ok(())).queue("gpu"), Task::plain("pack", |_| Ok(()))];
            TASKS
        }

        fn instance() -> Option<Self> {
            Some(Self)
        }

        fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
            builder.task("render").task("pack");
            Ok(())
        }
    }

    #[tokio::test]
    async fn whatever_queue_its_jobs_ask_for_a_process_runs() {
        for queue in [None, Some("night")] {
            let builder = ProcessBuilder::<Film>::new(Arguments::new());
            let builder = match queue {
                Some(queue) => builder.queue(queue),
                None => builder,
            };
            let process = builder.build().unwrap();
            let ran = tokio::time::timeout(Duration::from_mins(1), process.run()).await;
            ran.expect("it does not wait for another worker").unwrap();
        }
    }
}
