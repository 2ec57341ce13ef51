//! `Worker::run` and `Worker::run_until_idle`: a worker from its start to its end.

use super::running::first;
use super::worker::{Worker, WorkerError};
use crate::backend::Backend;

impl<B: Backend> Worker<B> {
    /// Works until SIGTERM or Ctrl-C, and then ends in good order (`R18`): no new claims, the
    /// [`grace`](Self::grace) for what runs, then everything is given back. A second signal gives it back at once.
    pub async fn run(self) -> Result<(), WorkerError> {
        let mut signals = Signals::new().map_err(WorkerError::Thread)?;
        let running = self.start()?;
        signals.next().await;
        tracing::info!(worker = %running.id(), "the worker stops; running jobs may end");
        let mut shutdown = std::pin::pin!(running.end(async {
            signals.next().await;
        }));
        shutdown.as_mut().await;
        Ok(())
    }

    /// Works until there is nothing more that this worker could do now or later: nothing of its queues is ready, or
    /// waits for a retry or a delayed start, and nothing runs here. For tests and scripts.
    ///
    /// What other workers run meanwhile is not waited for.
    pub async fn run_until_idle(self) -> Result<(), WorkerError> {
        let running = self.start()?;
        running.until_idle().await;
        running.shutdown().await;
        Ok(())
    }
}

/// SIGTERM and Ctrl-C.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let (terminate, interrupt) = (self.terminate.recv(), self.interrupt.recv());
        let other = async {
            interrupt.await;
        };
        first(terminate, other).await;
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps)] // as on unix
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
