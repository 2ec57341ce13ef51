//! [`RunningWorker`]: a worker at work, and how it ends.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

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
