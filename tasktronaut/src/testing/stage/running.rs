//! [`Running`]: a process under way, and how it ends.

use crate::backend::{Backend, ProcessStatus};
use crate::engine::{Handle, RunningWorker};
use crate::plan::{JobState, Outcome};
use crate::words::error::BoxError;

use super::lab::DEADLINE;

/// What comes out of a future, within the deadline.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_) => panic!("it took longer than {DEADLINE:?}"),
    }
}

/// A process under way, with a worker of its own.
pub struct Running<B: Backend> {
    /// The worker.
    pub worker: RunningWorker<B>,
    /// The process.
    pub handle: Handle<B>,
}

impl<B: Backend> Running<B> {
    /// Waits for the end, and looks whether anything is left behind.
    pub async fn end(self) -> Result<Ended, BoxError> {
        let outcome = within(self.handle.outcome()).await?;
        let status = self.handle.status().await?;
        assert_nothing_left(&status);
        within(self.worker.shutdown()).await;
        Ok(Ended { outcome, status })
    }
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its outcome.
    pub outcome: Outcome,
    /// How it was left.
    pub status: ProcessStatus,
}

/// No job can still change.
pub fn assert_nothing_left(status: &ProcessStatus) {
    assert!(status.ended, "{status:#?}");
    let left: Vec<_> = status.jobs.iter().filter(|job| !job.state.is_final()).collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// The state of a step, found by its description.
pub fn state_of(status: &ProcessStatus, step: &str) -> JobState {
    let mut found = status.tasks().filter(|job| job.description.as_deref() == Some(step));
    let job = found.next().unwrap_or_else(|| panic!("there is no step `{step}`"));
    assert!(found.next().is_none(), "there are two steps `{step}`");
    job.state
}

impl Ended {
    /// The state of a step, found by its description.
    pub fn state(&self, step: &str) -> JobState {
        state_of(&self.status, step)
    }

    /// Fails unless the process has completed.
    pub fn completed(&self) {
        assert!(matches!(self.outcome, Outcome::Completed), "{:?}", self.outcome);
    }
}
