//! What is measured: whole processes, with everything that is promised of them.

use std::sync::Mutex;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tasktronaut::observer::{Attempt, Observer};
use tasktronaut::{AnyBackend, Client, Process, ProcessBuilder, Registry, Worker};

use super::shapes::{Shape, Small, Work, small};

pub fn registry() -> Registry {
    Registry::new().with(Work).and_then(|registry| registry.with(Small)).expect("a registry")
}

fn processes(shape: Shape) -> Vec<Process> {
    match shape {
        Shape::Small(count) => {
            (0..count).map(|n| ProcessBuilder::<Small>::new(small(n)).build().expect("a process")).collect()
        }
        _ => vec![shape.build()],
    }
}

/// From the start of a worker until everything has ended.
pub async fn run(backend: &AnyBackend, shape: Shape, slots: usize) -> Duration {
    let client = Client::new(backend);
    let mut handles = Vec::new();
    for handle in client.enqueue_all(&processes(shape)).await {
        handles.push(handle.expect("enqueued"));
    }
    let registry = registry();
    let begun = Instant::now();
    let worker =
        Worker::new(backend.clone()).registry(&registry).concurrency(slots).start().expect("a worker");
    for handle in handles {
        handle.wait().await.expect("completed");
    }
    let time = begun.elapsed();
    worker.shutdown().await;
    time
}

/// One process of so many jobs, enqueued.
pub async fn enqueue(backend: &AnyBackend, jobs: usize) -> Duration {
    let process = Shape::Fan(jobs).build();
    let begun = Instant::now();
    process.enqueue(backend).await.expect("enqueued");
    begun.elapsed()
}

/// A chain of 1,000 while so many jobs of another queue are ready.
pub async fn run_behind(backend: &AnyBackend, backlog: usize) -> Duration {
    let client = Client::new(backend);
    if backlog > 0 {
        // Jobs of another queue, which the worker that is measured does not work on.
        let fan =
            ProcessBuilder::<Work>::new(tasktronaut::arguments! { kind: "fan", outer: 1, inner: backlog });
        let fan = fan.queue("other").build().expect("a process");
        fan.enqueue(backend).await.expect("enqueued");
        // Its first jobs make the others ready.
        let registry = registry();
        let (told, begun) = mpsc::channel();
        let worker = Worker::new(backend.clone())
            .registry(&registry)
            .concurrency(1)
            .queues(["other"])
            .observer(Begun { told: Mutex::new(told), from: 3 })
            .start()
            .expect("a worker");
        tokio::task::spawn_blocking(move || begun.recv_timeout(Duration::from_mins(2)).expect("begun"))
            .await
            .expect("a thread");
        drop(client);
        worker.shutdown().await;
    }
    run(backend, Shape::Chain(1000), 1).await
}

/// Tells when a job of at least this number was claimed.
struct Begun {
    told: Mutex<mpsc::Sender<()>>,
    from: usize,
}

impl Observer for Begun {
    fn claimed(&self, attempt: &Attempt<'_>) {
        if attempt.job() >= self.from {
            // Whoever waits has heard it before.
            let _ = self.told.lock().map(|told| told.send(()));
        }
    }
}
