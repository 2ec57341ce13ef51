//! Floor 4, who does the work: the worker, and the handle of those who asked for it.
//!
//! - [`worker`]: a worker's settings and start; [`running`]: a worker at work, and its end;
//!   [`serve`]: both in one; [`shared`]: what its
//!   threads share.
//! - [`lane`]: one thread of a worker: claims, runs, records, over and over.
//! - [`attempt`]: one attempt of one job.
//! - [`suspended`]: attempts that wait for something, on tokio.
//! - [`monitor`]: keeps jobs that block from holding up others.
//! - [`keeper`]: keeps a worker alive in a store that others work on, too: leases, recovery, leaving.
//! - [`observer`]: who is told of everything.
//! - [`handle`]: a process from the outside; [`client`]: all processes from the outside; [`dump`]: a process as JSON;
//!   [`run`]: the one-liner; `transaction`: enqueuing together with data of the caller's own.

mod attempt;
mod client;
mod dump;
mod handle;
mod keeper;
mod lane;
mod monitor;
pub mod observer;
mod run;
mod running;
mod serve;
mod shared;
mod suspended;
#[cfg(feature = "postgres")]
mod transaction;
mod worker;

pub use client::Client;
pub use handle::{Handle, ProcessError};
pub use running::RunningWorker;
pub use worker::{Worker, WorkerError};
