//! Building, planning and running in process, as ratios against floors written by hand in the same run.
//!
//! `cargo bench -p tasktronaut --bench engine [-- NAME]`
//!
//! The floor of a run is the least that any executor must do: two threads, an atomic counter for each job, the same
//! JSON argument decoded by serde. It keeps no state, survives no panic, knows no error, no hook and no cancellation.

mod floor;
mod measure;
mod memory;
mod shapes;

use std::hint::black_box;
use std::sync::Arc;

use measure::{Row, measure};
use shapes::{Shape, Small};
use tasktronaut::{Backend, Handle, LocalBackend, Process, ProcessBuilder, RunningWorker, Worker};

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let runs = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str()));
    println!("{:<18} {:>9} {:>12} {:>13} {:>7}", "bench", "jobs", "ours ns/job", "floor ns/job", "ratio");
    for steps in [100_000, 1_000_000] {
        if runs("build") {
            build(steps);
        }
    }
    for shape in [Shape::Chain(100_000), Shape::Fan(1_000_000), Shape::Layers(100, 1000)] {
        if runs(shape.name()) {
            run_one(shape);
        }
    }
    if runs("small") {
        run_small(100_000);
    }
}

/// Builds and plans a fan; the floor fills the same arrays by hand.
fn build(steps: usize) {
    let shape = Shape::Fan(steps);
    let ours = measure(
        5,
        || (),
        |()| {
            let process = shape.build();
            black_box(process.plan());
        },
    );
    let floor = measure(
        5,
        || (),
        |()| {
            black_box(floor::Graph::new(shape));
        },
    );
    let before = memory::in_use();
    let process = shape.build();
    let plan = Arc::new(process.plan());
    drop(process);
    let at_rest = memory::in_use() - before;
    Row::new("build and plan", steps, ours, floor).note(format!("{} bytes/step", at_rest / steps)).print();
    drop(plan);
}

/// Runs one large process.
fn run_one(shape: Shape) {
    let before = memory::in_use();
    let process = shape.build();
    let runtime = runtime();
    let backend = LocalBackend::new();
    runtime.block_on(async { drop(process.enqueue(&backend).await.expect("enqueued")) });
    drop(process);
    let at_rest = (memory::in_use() - before) / shape.jobs();
    drop(backend);

    let ours = measure(
        5,
        || enqueued(&shape.build()),
        |(runtime, backend, identifier)| {
            runtime.block_on(async {
                let worker = Worker::new(backend.clone()).start().expect("a worker");
                let outcome = backend.outcome(&identifier).await.expect("an outcome");
                assert_eq!(outcome.as_str(), "completed");
                worker.shutdown().await;
            });
            (runtime, backend)
        },
    );
    let graph = floor::Graph::new(shape);
    let floor = measure(5, || graph.fresh(), floor::Fresh::run);
    Row::new(shape.name(), shape.jobs(), ours, floor).note(format!("{at_rest} bytes/job at rest")).print();
    drop(runtime);
}

/// Runs many small processes: a; par { b; c; d }; e.
fn run_small(processes: usize) {
    let build = |n: usize| ProcessBuilder::<Small>::new(shapes::small(n)).build().expect("a process");
    let prepared: Vec<Process> = (0..processes).map(build).collect();
    let start = || {
        let runtime = runtime();
        let backend = LocalBackend::new();
        let handles = runtime.block_on(async {
            let mut handles = Vec::with_capacity(processes);
            for process in &prepared {
                handles.push(process.enqueue(&backend).await.expect("enqueued"));
            }
            handles
        });
        (runtime, backend, handles)
    };
    let ours = measure(5, start, |(runtime, backend, handles)| {
        let worker = runtime.block_on(async {
            let worker = Worker::new(backend.clone()).start().expect("a worker");
            // The last to begin end last, so waiting for them disturbs nobody; all are looked at below.
            for handle in handles.iter().rev().take(1000) {
                handle.wait().await.expect("completed");
            }
            worker
        });
        Unverified { runtime, worker: Some(worker), handles }
    });
    let graph = floor::Graph::new(Shape::Small(processes));
    let floor = measure(5, || graph.fresh(), floor::Fresh::run);
    Row::new("small processes", processes * 5, ours, floor).print();
}

fn enqueued(process: &Process) -> (tokio::runtime::Runtime, LocalBackend, String) {
    let runtime = runtime();
    let backend = LocalBackend::new();
    runtime.block_on(async { drop(process.enqueue(&backend).await.expect("enqueued")) });
    (runtime, backend, process.identifier().to_owned())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Small processes that ought to have run; looked at when the clock has stopped.
struct Unverified {
    runtime: tokio::runtime::Runtime,
    worker: Option<RunningWorker<LocalBackend>>,
    handles: Vec<Handle<LocalBackend>>,
}

impl Drop for Unverified {
    fn drop(&mut self) {
        self.runtime.block_on(async {
            for handle in &self.handles {
                handle.wait().await.expect("completed");
            }
            if let Some(worker) = self.worker.take() {
                worker.shutdown().await;
            }
        });
    }
}
