//! Floor 4, who does the work: the worker, and the handle of those who asked for it.
//!
//! - [`worker`]: a worker's settings, start and shutdown.
//! - [`lane`]: one thread of a worker: claims, runs, records, over and over.
//! - [`attempt`]: one attempt of one job.
//! - [`suspended`]: attempts that wait for something, on tokio.
//! - [`monitor`]: keeps jobs that block from holding up others.
//! - [`handle`]: a process from the outside; [`run`]: the one-liner.

mod attempt;
mod handle;
mod lane;
mod monitor;
mod run;
mod suspended;
mod worker;

pub use handle::{Handle, ProcessError};
pub use worker::{RunningWorker, Worker, WorkerError};
