//! What is measured: whole processes, with everything that is promised of them.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tasktronaut::observer::{Attempt, Observer};
use tasktronaut::{AnyBackend, Client, Process, ProcessBuilder, Registry, Worker};

use super::shapes::{Shape, Small, Work, small};

fn registry() -> Registry {
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

/// When the first hook of a process was claimed.
struct Claims(mpsc::Sender<Instant>);

struct Shared(Mutex<Claims>);

impl Observer for Shared {
    fn claimed(&self, attempt: &Attempt<'_>) {
        if attempt.job() == 0
            && let Ok(claims) = self.0.lock()
        {
            let _ = claims.0.send(Instant::now());
        }
    }
}

/// From an enqueue by one client to the claim by an idle worker that has connections of its own: p50 and p99.
pub async fn hand_off(client: &AnyBackend, _other: &AnyBackend) -> (Duration, Duration) {
    let (told, claims) = mpsc::channel();
    let registry = registry();
    let worker = Worker::new(client.clone())
        .registry(&registry)
        .concurrency(2)
        .observer(Shared(Mutex::new(Claims(told))))
        .start()
        .expect("a worker");
    let claims = Arc::new(Mutex::new(claims));
    let mut times = Vec::new();
    for n in 0..210 {
        // The worker is idle when the last process has ended.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let process = ProcessBuilder::<Small>::new(small(n)).build().expect("a process");
        let begun = Instant::now();
        let handle = process.enqueue(client).await.expect("enqueued");
        let claims = Arc::clone(&claims);
        let claimed = tokio::task::spawn_blocking(move || {
            let claims = claims.lock().expect("the channel");
            claims.recv_timeout(Duration::from_secs(10)).expect("claimed")
        });
        times.push(claimed.await.expect("a thread").duration_since(begun));
        handle.wait().await.expect("completed");
    }
    worker.shutdown().await;
    times.drain(..10);
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
