//! [`RunningWorker`]: a worker at work, and how it ends.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::keeper::Keeper;
use super::shared::Shared;
use super::worker::{Worker, WorkerError};
use crate::backend::{Backend, WorkerId};
use crate::definition::context::Level;

/// How often a worker is asked whether it has nothing to do.
const LOOK: Duration = Duration::from_millis(10);

/// A worker at work. Dropping it stops it at once; [`shutdown`](Self::shutdown) lets running jobs end.
#[must_use = "a worker stops when it is dropped"]
pub struct RunningWorker<B: Backend> {
    shared: Arc<Shared<B>>,
    pub(super) keeper: Option<Keeper>,
    grace: Duration,
    own_runtime: Option<tokio::runtime::Runtime>,
    has_left: bool,
}

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

impl<B: Backend> RunningWorker<B> {
    pub(super) fn new(
        shared: &Arc<Shared<B>>,
        grace: Duration,
        own_runtime: Option<tokio::runtime::Runtime>,
    ) -> Self {
        Self { shared: Arc::clone(shared), keeper: None, grace, own_runtime, has_left: false }
    }

    /// Ends the worker in good order: it claims nothing more, waits for what runs, and after the
    /// [`grace`](Worker::grace) signals it and gives its jobs back (`R18`).
    pub async fn shutdown(self) {
        self.end(std::future::pending()).await;
    }

    /// The same, with something that cuts the grace short.
    async fn end(mut self, hurry: impl Future<Output = ()>) {
        self.shared.stop();
        let in_time = {
            // The caller's own executor need not be tokio.
            let _entered = self.shared.runtime.enter();
            let grace = tokio::time::timeout(self.grace, self.shared.until_idle());
            first(grace, hurry).await.is_some_and(|grace| grace.is_ok())
        };
        if !in_time {
            tracing::warn!(worker = %self.shared.id, "jobs still run at the end of the grace; they are given back");
        }
        self.shared.signal.raise(Level::Drop);
        self.has_left = true;
        match &self.keeper {
            Some(keeper) => keeper.leave().await,
            None => {
                if let Err(error) = self.shared.backend.leave(self.shared.id).await {
                    tracing::error!(worker = %self.shared.id, %error, "the worker could not give its jobs back");
                }
            }
        }
        if let Some(runtime) = self.own_runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Waits until there is nothing more that this worker could do: see [`Worker::run_until_idle`].
    pub async fn until_idle(&self) {
        let asked = Instant::now();
        loop {
            self.shared.until_idle().await;
            if self.shared.has_seen_nothing_since(asked) && self.shared.active.load(Ordering::SeqCst) == 0 {
                return;
            }
            self.shared.bell.ring();
            // The lanes are at it, or it is not yet time.
            let _entered = self.shared.runtime.enter();
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The identity of this start.
    pub fn id(&self) -> WorkerId {
        self.shared.id
    }
}

/// The output of the first future, unless the second is over before.
async fn first<T>(wanted: impl Future<Output = T>, other: impl Future<Output = ()>) -> Option<T> {
    let (mut wanted, mut other) = (std::pin::pin!(wanted), std::pin::pin!(other));
    std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(output) = wanted.as_mut().poll(context) {
            return std::task::Poll::Ready(Some(output));
        }
        other.as_mut().poll(context).map(|()| None)
    })
    .await
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

impl<B: Backend> Drop for RunningWorker<B> {
    fn drop(&mut self) {
        self.shared.stop();
        self.shared.signal.raise(Level::Drop);
        if !self.has_left {
            match &self.keeper {
                Some(keeper) => keeper.leave_soon(),
                None => {
                    // Without a keeper the backend answers at once.
                    let leave = std::pin::pin!(self.shared.backend.leave(self.shared.id));
                    let _ = leave.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
                }
            }
        }
        if let Some(runtime) = self.own_runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl<B: Backend> fmt::Debug for RunningWorker<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningWorker").field("id", &self.shared.id).finish_non_exhaustive()
    }
}
