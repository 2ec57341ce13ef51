//! Processes on a backend in memory, each with a worker of its own.

use tasktronaut::testing::stage::lab::Lab;
use tasktronaut::testing::stage::running::{Ended, Running};
use tasktronaut::{LocalBackend, Worker};

/// Starts a process on a worker that runs up to eight jobs at a time.
pub async fn start(lab: Lab) -> Running<LocalBackend> {
    start_with(lab, 8).await
}

/// Starts a process on a worker that runs so many jobs at a time.
pub async fn start_with(lab: Lab, concurrency: usize) -> Running<LocalBackend> {
    start_on(&LocalBackend::new(), lab, concurrency).await
}

/// The same on this backend.
pub async fn start_on(backend: &LocalBackend, lab: Lab, concurrency: usize) -> Running<LocalBackend> {
    let handle = lab.build().enqueue(backend).await.unwrap();
    let worker = Worker::new(backend.clone()).concurrency(concurrency).start().unwrap();
    Running { worker, handle }
}

/// Runs a process to its end.
pub async fn run(lab: Lab) -> Ended {
    start(lab).await.end().await.unwrap()
}
