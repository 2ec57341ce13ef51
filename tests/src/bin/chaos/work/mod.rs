//! A worker, until its input ends or it is told to stop.

mod body;
mod gap;
mod hooks;
mod part;
mod watch;

use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use tasktronaut::backend::Backend;
use tasktronaut::{Policy, Registry, Worker};
use tokio::signal::unix::{SignalKind, signal};

pub use part::Part;

use crate::arguments::{Arguments, Fault};
use crate::{crash, history, with_backend};

/// How many jobs a worker runs at the same time.
const CONCURRENCY: usize = 8;
/// The pauses between attempts, which the checker must know, too.
pub const BACKOFF: Duration = Duration::from_millis(40);
pub const BACKOFF_CAP: Duration = Duration::from_millis(400);
/// How long running jobs may take at a shutdown: some take longer.
const GRACE: Duration = Duration::from_millis(80);

const SETTLE: Duration = Duration::from_millis(100);

static NAME: OnceLock<String> = OnceLock::new();

/// The name of this worker in the log.
pub fn name() -> &'static str {
    NAME.get().map_or("", |name| name)
}

pub async fn run(arguments: Arguments) -> ExitCode {
    history::open(&arguments.history, &arguments.name);
    let _ = NAME.set(arguments.name.clone());
    crash::listen(&arguments.name, arguments.crash.clone());
    std::panic::set_hook(Box::new(|_| {}));
    if arguments.fault == Fault::RecoveryRace {
        gap::watch(arguments.lease);
    }
    with_backend!(&arguments.backend, backend => work(backend, &arguments).await);
    ExitCode::SUCCESS
}

async fn work<B: Backend>(backend: B, arguments: &Arguments) {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be heard");
    history::write("worker.start", json!({ "worker": name() }));
    let worker = Worker::new(backend)
        .registry(&registry())
        .concurrency(CONCURRENCY)
        .policy(Policy::new().backoff(BACKOFF).backoff_cap(BACKOFF_CAP))
        .put_backs(1)
        .lease(arguments.lease)
        .grace(GRACE)
        .observer(watch::Watch)
        .start()
        .expect("the worker starts");
    tokio::select! {
        _ = terminate.recv() => {}
        () = input_ends() => {}
    }
    worker.shutdown().await;
    // Threads that have just been told what was recorded still write it down.
    tokio::time::sleep(SETTLE).await;
    history::write("worker.stop", json!({ "worker": name() }));
}

fn registry() -> Registry {
    let registry = Registry::new().with(Part::<0>).and_then(|registry| registry.with(Part::<1>));
    let registry = registry.and_then(|registry| registry.with(Part::<2>));
    registry.and_then(|registry| registry.with(Part::<3>)).expect("the definitions have names of their own")
}

/// Waits until whoever started this process closes its input, or is gone.
async fn input_ends() {
    let (ended, wait) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(ended);
    });
    let _ = wait.await;
}
