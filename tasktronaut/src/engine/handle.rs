//! [`Handle`]: an enqueued process from the outside.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::backend::{
    Backend, BackendError, CancelAnswer, Capability, EnqueueError, Enqueued, Events, ProcessStatus,
};
use crate::definition::process::Process;
use crate::plan::{Failure, Outcome, Plan};
use crate::words::error::full_text;

/// Why a process did not complete.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// A task has failed for good, or the process took longer than its timeout.
    #[error("process `{process}` has failed in `{}` of {}: {}", failure.step(), failure.definition(), full_text(failure.error().error()))]
    Failed {
        /// The identifier.
        process: String,
        /// Which step, and its error.
        failure: Failure,
    },
    /// It was cancelled.
    #[error("process `{process}` was cancelled: {reason}")]
    Cancelled {
        /// The identifier.
        process: String,
        /// Why.
        reason: String,
    },
    /// It could not be enqueued.
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The worker could not start.
    #[error(transparent)]
    Worker(#[from] super::WorkerError),
}

impl ProcessError {
    /// What failed, if that is why.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed { failure, .. } => Some(failure),
            _ => None,
        }
    }
}

impl Process {
    /// Stores the process in a backend, where workers find it (`R1`).
    ///
    /// An identifier that is there already, with the same content, gives a handle on that process (`R2`); with other
    /// content it is an error. Many processes at once: [`Client::enqueue_all`](crate::Client::enqueue_all).
    pub async fn enqueue<B: Backend>(&self, backend: &B) -> Result<Handle<B>, EnqueueError> {
        let plan = checked(self, &backend.capability())?;
        let identifier = self.shared_identifier().clone();
        let answer = backend.enqueue(vec![Arc::new(plan)]).await.pop();
        let enqueued = answer.unwrap_or(Err(EnqueueError::Backend(BackendError::Closed)))?;
        Ok(Handle { backend: backend.clone(), identifier, enqueued })
    }
}

/// The plan of a process that is within the limits of a backend (`R21`).
pub(super) fn checked(process: &Process, capability: &Capability) -> Result<Plan, EnqueueError> {
    let plan = process.plan();
    let jobs = plan.task_count();
    match capability.max_jobs {
        Some(limit) if jobs > limit => {
            let identifier = process.identifier().to_owned();
            Err(EnqueueError::TooManyJobs { identifier, jobs, limit })
        }
        _ => Ok(plan),
    }
}

/// An enqueued process, to be waited for, watched and cancelled. Cheap to clone; dropping it changes nothing.
#[derive(Clone)]
pub struct Handle<B> {
    pub(super) backend: B,
    pub(super) identifier: Arc<str>,
    pub(super) enqueued: Enqueued,
}

impl<B: Backend> Handle<B> {
    /// The identifier.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Whether this enqueue created the process, or found it (`R2`).
    pub fn enqueued(&self) -> Enqueued {
        self.enqueued
    }

    /// Waits until the process has ended, its last hook included (`R19`). An error says that it failed or was
    /// cancelled.
    pub async fn wait(&self) -> Result<(), ProcessError> {
        let process = self.identifier.to_string();
        match self.outcome().await? {
            Outcome::Completed => Ok(()),
            Outcome::Failed(failure) => Err(ProcessError::Failed { process, failure }),
            Outcome::Cancelled { reason } => {
                Err(ProcessError::Cancelled { process, reason: reason.to_string() })
            }
        }
    }

    /// Waits like [`wait`](Self::wait), and gives the outcome as a value.
    pub async fn outcome(&self) -> Result<Outcome, BackendError> {
        self.backend.outcome(&self.identifier).await
    }

    /// Cancels the process: what has not begun is removed from the queue, running async tasks are dropped at their
    /// next await, and `on_cancelled` runs (`R13`). The answer says whether the cancellation came first. A process that is
    /// paused is so no more.
    pub async fn cancel(&self, reason: &str) -> Result<CancelAnswer, BackendError> {
        self.backend.cancel(&self.identifier, reason).await
    }

    /// Lets a process that has failed go on from its failed jobs, with a new budget of retries. What has succeeded
    /// stays. One that has not failed, or whose last hook is still to come, is refused.
    pub async fn retry_failed(&self) -> Result<(), BackendError> {
        self.backend.retry_failed(&self.identifier).await
    }

    /// Pauses the process: nothing of it is claimed until [`resume`](Self::resume), what runs goes on.
    pub async fn pause(&self) -> Result<(), BackendError> {
        self.backend.pause(&self.identifier, true).await
    }

    /// Lets the process go on after a [`pause`](Self::pause).
    pub async fn resume(&self) -> Result<(), BackendError> {
        self.backend.pause(&self.identifier, false).await
    }

    /// Removes the process, once it has ended. Its identifier can then be used again.
    pub async fn delete(&self) -> Result<(), BackendError> {
        self.backend.delete(&self.identifier).await
    }

    /// Everything that is stored of the process, as JSON: see [`Client::dump`](crate::Client::dump).
    pub async fn dump(&self) -> Result<serde_json::Value, BackendError> {
        super::dump::dump(&self.backend, &self.identifier).await
    }

    /// The state of the process and of all its jobs.
    pub async fn status(&self) -> Result<ProcessStatus, BackendError> {
        self.backend.status(&self.identifier).await
    }

    /// What happens to the process: first how each job stands that is not waiting for others, then every change, and in
    /// the end [`Event::Ended`](crate::Event::Ended). A store is looked at again and again, so that a state which passes
    /// quickly may be left out; how a job ends never is. Progress is heard of the tasks that run in this program.
    pub async fn events(&self) -> Result<Events, BackendError> {
        self.backend.watch(&self.identifier).await
    }
}

impl<B> fmt::Debug for Handle<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("identifier", &self.identifier)
            .field("enqueued", &self.enqueued)
            .finish_non_exhaustive()
    }
}
