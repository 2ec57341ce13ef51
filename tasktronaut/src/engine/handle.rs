//! [`Handle`]: an enqueued process from the outside.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::backend::{Backend, BackendError, CancelAnswer, EnqueueError, Enqueued, Events, ProcessStatus};
use crate::definition::process::Process;
use crate::plan::{Failure, Outcome};
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
    /// content it is an error.
    pub async fn enqueue<B: Backend>(&self, backend: &B) -> Result<Handle<B>, EnqueueError> {
        let plan = self.plan();
        if let Some(limit) = backend.capability().max_jobs
            && plan.task_count() > limit
        {
            let (identifier, jobs) = (self.identifier().to_owned(), plan.task_count());
            return Err(EnqueueError::TooManyJobs { identifier, jobs, limit });
        }
        let enqueued = backend.enqueue(Arc::new(plan)).await?;
        Ok(Handle { backend: backend.clone(), identifier: self.shared_identifier().clone(), enqueued })
    }
}

/// An enqueued process, to be waited for, watched and cancelled. Cheap to clone; dropping it changes nothing.
#[derive(Clone)]
pub struct Handle<B> {
    backend: B,
    identifier: Arc<str>,
    enqueued: Enqueued,
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
    /// next await, and `on_cancelled` runs (`R13`). The answer says whether the cancellation came first.
    pub async fn cancel(&self, reason: &str) -> Result<CancelAnswer, BackendError> {
        self.backend.cancel(&self.identifier, reason).await
    }

    /// The state of the process and of all its jobs.
    pub async fn status(&self) -> Result<ProcessStatus, BackendError> {
        self.backend.status(&self.identifier).await
    }

    /// What happens to the process: first how each job stands that is not waiting for others, then every change.
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
