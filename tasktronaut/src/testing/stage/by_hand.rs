//! [`Hand`]: a worker that a case plays itself, call by call. It looks for work and gives signs of life only when it is
//! asked to, so whatever else it learns it was told.
//!
//! The calls are boxed: those of PostgreSQL are large, and a case has several of them on the stack of a thread.

use std::sync::Arc;
use std::time::Duration;

use smallvec::smallvec;

use super::lab::Lab;
use super::place::{CaseResult, until};
use crate::backend::store::Fence;
use crate::backend::{Backend, Bell, Claim, ClaimedProcess, Finished, JobEnd, Membership, WorkerId};
use crate::definition::context::Level;
use crate::definition::schedule::DEFAULT_QUEUE;
use crate::plan::rules::{JobFailure, Verdict};
use crate::words::error::{BoxError, TaskError};

pub(crate) struct Hand<B> {
    backend: B,
    worker: WorkerId,
    bell: Arc<Bell>,
}

/// A job that was claimed.
pub(crate) struct Held {
    process: Arc<ClaimedProcess>,
    claim: Claim,
}

impl<B: Backend> Hand<B> {
    /// Enters a worker that knows this definition, and works on the queues `default` and `slow`.
    pub async fn join(backend: B, lab: &Lab) -> Result<Self, BoxError> {
        Self::join_with(backend, lab, Duration::from_hours(1), 3).await
    }

    /// The same with leases of this length, in whose eyes a job may lose so many workers.
    pub async fn join_with(backend: B, lab: &Lab, lease: Duration, max_lost: u32) -> Result<Self, BoxError> {
        let (worker, bell) = (WorkerId::random(), Arc::new(Bell::default()));
        let membership = Membership {
            registry: lab.registry(),
            queues: [DEFAULT_QUEUE.to_owned(), "slow".to_owned()].into(),
            definitions: None,
            lease,
            max_lost,
            bell: Arc::clone(&bell),
        };
        Box::pin(backend.join(worker, membership)).await?;
        Ok(Self { backend, worker, bell })
    }

    /// The identity of this start.
    pub fn id(&self) -> WorkerId {
        self.worker
    }

    /// Claims the next job, as soon as there is one.
    pub async fn claim(&self) -> Result<Held, BoxError> {
        until("a job is ready", async || self.try_claim().await).await
    }

    /// Claims the next job, if there is one.
    pub async fn try_claim(&self) -> Result<Option<Held>, BoxError> {
        let mut claimed = Vec::new();
        Box::pin(self.backend.exchange(self.worker, &mut Vec::new(), 1, &mut claimed)).await?;
        let Some(mut group) = claimed.pop() else { return Ok(None) };
        Ok(group.jobs.pop().map(|claim| Held { process: group.process, claim }))
    }

    /// Gives a sign of life, and learns what has changed.
    pub async fn beat(&self) -> CaseResult {
        Box::pin(self.backend.beat(self.worker, true)).await?;
        Ok(())
    }

    /// Leaves; the answer is how many claims were given back, as far as the backend knows.
    pub async fn leave(&self) -> Result<usize, BoxError> {
        Ok(Box::pin(self.backend.leave(self.worker)).await?.len())
    }

    /// Says that the attempt has succeeded, or what is to become of it; whether that counts.
    pub async fn end(&self, held: &Held, verdict: Option<Verdict>) -> Result<bool, BoxError> {
        let Held { process, claim } = held;
        let failure = |verdict| Box::new(JobFailure { error: Arc::new(TaskError::new("broken")), verdict });
        let end = JobEnd {
            node: claim.node,
            attempt: claim.attempt,
            nonce: claim.nonce,
            what: claim.what(process.plan()),
            failure: verdict.map(failure),
        };
        let mut ends = vec![Finished { process: Arc::clone(process), jobs: smallvec![end] }];
        let exchanged = Box::pin(self.backend.exchange(self.worker, &mut ends, 0, &mut Vec::new())).await?;
        Ok(exchanged.lost.is_empty())
    }

    /// Claims the next job and says that it has succeeded, which counts.
    pub async fn succeed(&self) -> CaseResult {
        let held = self.claim().await?;
        assert!(self.end(&held, None).await?, "{}", held.claim.node);
        Ok(())
    }

    /// Sleeps until somebody rings, for so long at most.
    pub fn sleep(&self, longest: Duration) {
        self.bell.lie_down();
        self.bell.sleep(longest);
    }
}

impl Held {
    /// The identifier of its process.
    pub fn identifier(&self) -> &str {
        self.process.plan.identifier()
    }

    /// The claim.
    pub fn fence(&self) -> Fence {
        let Claim { node, attempt, nonce, .. } = self.claim;
        Fence { key: self.process.key, node, attempt, nonce }
    }

    /// Whether what runs of the process was told to stop.
    pub fn is_told_to_stop(&self) -> bool {
        self.process.session.signal.level() != Level::Run
    }

    /// Whether what runs of the process is dropped at its next pause.
    pub fn is_dropped(&self) -> bool {
        self.process.session.signal.level() == Level::Drop
    }
}
