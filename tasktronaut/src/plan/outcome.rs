//! How a process, and each of its jobs, can end.

use std::fmt;
use std::sync::Arc;

use crate::words::error::{TaskError, full_text};

/// The state of one job.
///
/// `Blocked -> Ready -> Running -> Succeeded | Waiting (for a retry) -> Ready | Failed | Cancelled | Skipped`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobState {
    /// It waits for other jobs.
    Blocked,
    /// It can be claimed.
    Ready,
    /// A worker runs it.
    Running,
    /// An attempt has failed; another follows after a pause.
    Waiting,
    /// It has succeeded, which is recorded once.
    Succeeded,
    /// It has failed for good.
    Failed,
    /// It was taken out of the queue because the process was cancelled.
    Cancelled,
    /// It was taken out of the queue because the process has failed, or because something it waits for has.
    Skipped,
}

impl JobState {
    /// Whether the job will not change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Skipped)
    }

    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a process has ended. It is set once and never changes.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// All tasks have succeeded.
    Completed,
    /// A task has failed for good, or the process took too long.
    Failed(Failure),
    /// It was cancelled.
    Cancelled {
        /// Why.
        reason: Arc<str>,
    },
}

impl Outcome {
    /// `"completed"`, `"failed"` or `"cancelled"`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed(_) => "failed",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::Cancelled { reason } => write!(f, "cancelled: {reason}"),
        }
    }
}

/// What made a process fail.
#[derive(Debug, Clone)]
pub struct Failure {
    pub(crate) definition: Arc<str>,
    pub(crate) step: Arc<str>,
    pub(crate) scope: u32,
    pub(crate) error: Arc<TaskError>,
}

impl Failure {
    /// The definition that the failed step belongs to; within a sub-process, the sub-process's.
    pub fn definition(&self) -> &str {
        &self.definition
    }

    /// The name of the task that failed; of the definition, when the whole process took too long.
    pub fn step(&self) -> &str {
        &self.step
    }

    /// Its error.
    pub fn error(&self) -> &Arc<TaskError> {
        &self.error
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {}: {}", self.step, self.definition, full_text(self.error.error()))
    }
}
