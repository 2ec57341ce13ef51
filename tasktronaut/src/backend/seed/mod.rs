//! Processes on a job queue that has dependencies of its own, the way of the Python library.
//!
//! A [`JobQueue`] offers three operations: enqueue a start, a task, and a completion, each after the jobs it depends
//! on. [`Process::enqueue_on`](crate::Process::enqueue_on) turns a process into such jobs; on the other side
//! [`perform_start`], [`perform_task`] and [`perform_complete`] do the work. Retries, leases and recovery are the
//! queue's own. For the promises of this crate use a [`Backend`](crate::Backend).
//!
//! ```
//! use std::cell::RefCell;
//! use std::convert::Infallible;
//! use tasktronaut::prelude::*;
//! use tasktronaut::backend::seed::{Job, JobQueue, PerformComplete, PerformStart, PerformTask};
//!
//! /// Writes down what it is asked for.
//! #[derive(Default)]
//! struct Recorder(RefCell<Vec<String>>);
//!
//! #[derive(Clone)]
//! struct Recorded(usize);
//!
//! impl Job for Recorded {
//!     fn cancel(&self) {}
//!     fn delete_dependents(&self) {}
//! }
//!
//! impl Recorder {
//!     fn record(&self, what: &str, depends_on: &[Recorded]) -> Result<Recorded, Infallible> {
//!         let after: Vec<usize> = depends_on.iter().map(|job| job.0).collect();
//!         self.0.borrow_mut().push(format!("{what} after {after:?}"));
//!         Ok(Recorded(self.0.borrow().len() - 1))
//!     }
//! }
//!
//! impl JobQueue for Recorder {
//!     type Job = Recorded;
//!     type Error = Infallible;
//!
//!     fn enqueue_perform_start(&self, _: PerformStart, after: &[Recorded]) -> Result<Recorded, Infallible> {
//!         self.record("start", after)
//!     }
//!
//!     fn enqueue_perform_task(&self, task: PerformTask, after: &[Recorded]) -> Result<Recorded, Infallible> {
//!         self.record(&task.function_name, after)
//!     }
//!
//!     fn enqueue_perform_complete(&self, _: PerformComplete, after: &[Recorded]) -> Result<Recorded, Infallible> {
//!         self.record("complete", after)
//!     }
//! }
//!
//! #[derive(Default)]
//! struct Greeting;
//!
//! #[process]
//! impl Greeting {
//!     fn define_process() {
//!         process! { seq { par { say_hello; wave; } say_bye; } }
//!     }
//!
//!     #[task]
//!     fn say_hello(&self) {}
//!
//!     #[task]
//!     fn wave(&self) {}
//!
//!     #[task]
//!     fn say_bye(&self) {}
//! }
//!
//! let queue = Recorder::default();
//! Greeting::process().build()?.enqueue_on(&queue, None)?;
//! assert_eq!(
//!     *queue.0.borrow(),
//!     ["start after []", "say_hello after [0]", "wave after [0]", "say_bye after [1, 2]", "complete after [3]"]
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod enqueue;
mod perform;

use serde::{Deserialize, Serialize};

pub use perform::{Attempt, PerformError, perform_complete, perform_start, perform_task};

use crate::words::arguments::Arguments;

/// A queue whose jobs can depend on other jobs.
pub trait JobQueue {
    /// A job in the queue.
    type Job: Job + Clone;

    /// Why a job could not be enqueued.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Enqueues the start of a process or sub-process, to run after all of these jobs.
    fn enqueue_perform_start(
        &self,
        start: PerformStart,
        depends_on: &[Self::Job],
    ) -> Result<Self::Job, Self::Error>;

    /// Enqueues a task, to run after all of these jobs.
    fn enqueue_perform_task(
        &self,
        task: PerformTask,
        depends_on: &[Self::Job],
    ) -> Result<Self::Job, Self::Error>;

    /// Enqueues the completion of a process or sub-process, to run after all of these jobs.
    fn enqueue_perform_complete(
        &self,
        complete: PerformComplete,
        depends_on: &[Self::Job],
    ) -> Result<Self::Job, Self::Error>;
}

/// A job in a [`JobQueue`].
pub trait Job {
    /// Keeps the job from running, if it has not begun.
    fn cancel(&self);

    /// Removes every job that depends on this one, directly or through others.
    fn delete_dependents(&self);
}

/// The start of a process or sub-process, as a queue carries it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PerformStart {
    /// The identifier of the process.
    pub identifier: String,
    /// The name of the definition, as [`Registry::load`](crate::Registry::load) takes it.
    pub definition: String,
}

/// The completion of a process or sub-process, as a queue carries it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PerformComplete {
    /// The identifier of the process.
    pub identifier: String,
    /// The name of the definition.
    pub definition: String,
}

/// A task, as a queue carries it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PerformTask {
    /// The identifier of the process.
    pub identifier: String,
    /// The name of the definition.
    pub definition: String,
    /// The name of the task.
    pub function_name: String,
    /// The description of its step.
    pub description: Option<String>,
    /// The arguments at its step.
    pub arguments: Arguments,
}
