//! [`RunningWorker`]: a worker at work, and how it ends.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle as RuntimeHandle;

use super::keeper::Keeper;
use super::shared::Shared;
use crate::backend::{Backend, WorkerId};
use crate::definition::context::Level;
use crate::words::clock::Clock;

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

impl<B: Backend> RunningWorker<B> {
    pub(super) fn new(
        shared: &Arc<Shared<B>>,
        grace: Duration,
        own_runtime: Option<tokio::runtime::Runtime>,
    ) -> Self {
        Self { shared: Arc::clone(shared), keeper: None, grace, own_runtime, has_left: false }
    }

    /// Ends the worker in good order: it claims nothing more, waits for what runs, and after the
    /// [`grace`](crate::Worker::grace) signals it and gives its jobs back (`R18`).
    pub async fn shutdown(self) {
        self.end(std::future::pending()).await;
    }

    /// The same, with something that cuts the grace short.
    pub(super) async fn end(mut self, hurry: impl Future<Output = ()>) {
        self.shared.stop();
        let in_time = within(&self.shared.runtime, async {
            let grace = tokio::time::timeout(self.grace, self.shared.until_idle());
            first(grace, hurry).await.is_some_and(|grace| grace.is_ok())
        });
        if !in_time.await {
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

    /// Waits until there is nothing more that this worker could do: see [`Worker::run_until_idle`](crate::Worker::run_until_idle).
    pub async fn until_idle(&self) {
        let asked = self.shared.clock.now();
        loop {
            self.shared.until_idle().await;
            if self.shared.has_seen_nothing_since(asked) && self.shared.active.load(Ordering::SeqCst) == 0 {
                return;
            }
            self.shared.bell.ring();
            // The lanes are at it, or it is not yet time.
            within(&self.shared.runtime, async { tokio::time::sleep(LOOK).await }).await;
        }
    }

    /// The identity of this start.
    pub fn id(&self) -> WorkerId {
        self.shared.id
    }
}

/// Runs a future that needs tokio's timers, wherever it is polled: the caller's own executor need not be tokio, and may
/// poll several such futures by turns.
async fn within<T>(runtime: &RuntimeHandle, future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        let _entered = runtime.enter();
        future.as_mut().poll(context)
    })
    .await
}

/// The output of the first future, unless the second is over before.
pub(super) async fn first<T>(wanted: impl Future<Output = T>, other: impl Future<Output = ()>) -> Option<T> {
    let (mut wanted, mut other) = (std::pin::pin!(wanted), std::pin::pin!(other));
    std::future::poll_fn(|context| {
        if let std::task::Poll::Ready(output) = wanted.as_mut().poll(context) {
            return std::task::Poll::Ready(Some(output));
        }
        other.as_mut().poll(context).map(|()| None)
    })
    .await
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

#[cfg(test)]
mod tests {
    use crate::engine::Worker;
    use crate::{LocalBackend, Registry};

    fn worker() -> Worker<LocalBackend> {
        Worker::new(LocalBackend::new()).registry(&Registry::new())
    }

    #[test]
    fn a_worker_can_be_awaited_on_any_thread() {
        fn is_send(_: impl Send) {}
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _entered = runtime.enter();
        is_send(worker().run());
        is_send(worker().run_until_idle());
        let running = worker().start().unwrap();
        is_send(running.until_idle());
        is_send(running.shutdown());
    }

    #[test]
    fn a_worker_that_could_do_nothing_is_refused() {
        let refused = |worker: Worker<LocalBackend>| worker.start().err().map(|error| error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _entered = runtime.enter();
        let no_queue = refused(worker().queues::<&str>([]));
        assert!(no_queue.is_some_and(|text| text.starts_with("the worker works on no queue")));
        let no_definition = refused(worker().definitions::<&str>([]));
        assert!(no_definition.is_some_and(|text| text.starts_with("the worker works on no definition")));
    }

    #[test]
    fn workers_can_be_awaited_together() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (one, other) = tokio::join!(worker().run_until_idle(), worker().run_until_idle());
            assert!(one.is_ok() && other.is_ok());
            let (one, other) = (worker().start().unwrap(), worker().start().unwrap());
            tokio::join!(one.shutdown(), other.shutdown());
        });
    }
}
