//! [`Severed`]: a backend whose link can be cut, as when a network fails or a program is killed.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

use crate::backend::{
    Backend, BackendError, CancelAnswer, Capability, Claimed, EnqueueError, Enqueued, Events, Exchanged,
    Finished, LostClaim, Membership, ProcessFilter, ProcessPage, ProcessStatus, Pulse, WorkerId,
};
use crate::plan::{Outcome, Plan};

/// A backend that works as the one inside, until its [`Switch`] says otherwise.
///
/// With it a test makes a worker disappear: on a link that is cut a worker can neither renew its leases nor give
/// anything back, like a program that was killed.
#[derive(Debug, Clone)]
pub struct Severed<T> {
    inner: T,
    link: watch::Receiver<Link>,
}

/// Cuts the link of a [`Severed`] backend and mends it.
#[derive(Debug, Clone)]
pub struct Switch {
    link: Arc<watch::Sender<Link>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Whole,
    /// Calls fail, and nothing is done.
    Failing,
    /// Calls are not answered until the link is another one.
    Hanging,
}

impl Switch {
    /// From now on every call fails, and nothing of it is done.
    pub fn fail(&self) {
        self.link.send_replace(Link::Failing);
    }

    /// From now on no call is answered, until the link is [mended](Self::mend) or [fails](Self::fail).
    pub fn hang(&self) {
        self.link.send_replace(Link::Hanging);
    }

    /// From now on all is well again.
    pub fn mend(&self) {
        self.link.send_replace(Link::Whole);
    }
}

impl<T> Severed<T> {
    /// Puts a link in front of a backend.
    pub fn new(inner: T) -> (Self, Switch) {
        let (link, seen) = watch::channel(Link::Whole);
        (Self { inner, link: seen }, Switch { link: Arc::new(link) })
    }

    /// Makes a call over the link.
    async fn call<V>(&self, call: impl Future<Output = Result<V, BackendError>>) -> Result<V, BackendError> {
        let mut link = self.link.clone();
        // A switch that is gone leaves the link as it is.
        let now = link.wait_for(|link| *link != Link::Hanging).await.map_or(Link::Failing, |link| *link);
        match now {
            Link::Whole | Link::Hanging => call.await,
            Link::Failing => Err(cut()),
        }
    }
}

fn cut() -> BackendError {
    BackendError::Refused { backend: "severed", reason: "the link is cut".to_owned() }
}

impl<B: Backend> Backend for Severed<B> {
    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn enqueue(&self, plans: Vec<Arc<Plan>>) -> Vec<Result<Enqueued, EnqueueError>> {
        let count = plans.len();
        match self.call(async { Ok(self.inner.enqueue(plans).await) }).await {
            Ok(answers) => answers,
            Err(_) => (0..count).map(|_| Err(EnqueueError::Backend(cut()))).collect(),
        }
    }

    async fn cancel(&self, identifier: &str, reason: &str) -> Result<CancelAnswer, BackendError> {
        self.call(self.inner.cancel(identifier, reason)).await
    }

    async fn retry_failed(&self, identifier: &str) -> Result<(), BackendError> {
        self.call(self.inner.retry_failed(identifier)).await
    }

    async fn pause(&self, identifier: &str, paused: bool) -> Result<(), BackendError> {
        self.call(self.inner.pause(identifier, paused)).await
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        self.call(self.inner.pause_queue(queue, paused)).await
    }

    async fn delete(&self, identifier: &str) -> Result<(), BackendError> {
        self.call(self.inner.delete(identifier)).await
    }

    async fn plan(&self, identifier: &str) -> Result<Arc<Plan>, BackendError> {
        self.call(self.inner.plan(identifier)).await
    }

    async fn status(&self, identifier: &str) -> Result<ProcessStatus, BackendError> {
        self.call(self.inner.status(identifier)).await
    }

    async fn list(&self, filter: &ProcessFilter) -> Result<ProcessPage, BackendError> {
        self.call(self.inner.list(filter)).await
    }

    async fn outcome(&self, identifier: &str) -> Result<Outcome, BackendError> {
        self.call(self.inner.outcome(identifier)).await
    }

    async fn watch(&self, identifier: &str) -> Result<Events, BackendError> {
        self.call(self.inner.watch(identifier)).await
    }

    async fn join(&self, worker: WorkerId, membership: Membership) -> Result<(), BackendError> {
        self.call(self.inner.join(worker, membership)).await
    }

    async fn exchange(
        &self,
        worker: WorkerId,
        finished: &mut Vec<Finished>,
        wanted: usize,
        claimed: &mut Vec<Claimed>,
    ) -> Result<Exchanged, BackendError> {
        self.call(self.inner.exchange(worker, finished, wanted, claimed)).await
    }

    async fn beat(&self, worker: WorkerId, renew: bool) -> Result<Pulse, BackendError> {
        self.call(self.inner.beat(worker, renew)).await
    }

    async fn leave(&self, worker: WorkerId) -> Result<Vec<LostClaim>, BackendError> {
        self.call(self.inner.leave(worker)).await
    }
}
