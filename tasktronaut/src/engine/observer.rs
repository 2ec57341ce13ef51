//! [`Observer`]: who is told of everything that a worker does.

use std::fmt;
use std::time::{Duration, Instant};

use crate::backend::{BackendError, Claim, ClaimedProcess, Finished, JobEnd, JobName, LostClaim, Unroutable};
use crate::plan::rules::Verdict;
use crate::words::clock::instant;
use crate::words::error::TaskError;

/// Is told of every claim, end and lost lease of a worker: metrics and logs live on it.
///
/// Every method has a default that does nothing. They are called by the worker's own threads, between the store's
/// answer and what follows from it, so they should be quick; what they panic is the worker's.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use tasktronaut::observer::{AttemptEnd, Observer};
///
/// #[derive(Default)]
/// struct Count(AtomicUsize);
///
/// impl Observer for Count {
///     fn finished(&self, end: &AttemptEnd<'_>) {
///         if end.accepted() && end.error().is_none() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// A job was claimed, and is about to be begun.
    fn claimed(&self, _attempt: &Attempt<'_>) {}

    /// An attempt begins: the very next thing this thread does is to call the task or the hook.
    fn begun(&self, _attempt: &Attempt<'_>) {}

    /// The end of an attempt is about to be sent to the backend.
    fn finishing(&self, _end: &AttemptEnd<'_>) {}

    /// The backend has answered: the end of an attempt is recorded, or was refused because its lease was lost.
    fn finished(&self, _end: &AttemptEnd<'_>) {}

    /// A lease was lost while the attempt was under way; its task was told to stop.
    fn lost(&self, _attempt: &Attempt<'_>) {}

    /// A lease was given back before its job had ended, at a shutdown or because the attempt is of no use any more;
    /// nothing is charged for it.
    fn released(&self, _attempt: &Attempt<'_>) {}

    /// Leases of workers that are gone were taken back.
    fn recovered(&self, _jobs: usize) {}

    /// Jobs are ready that no worker can do.
    fn unroutable(&self, _jobs: &Unroutable) {}

    /// A call of the backend has failed. The worker tries again.
    fn failed(&self, _call: &'static str, _error: &BackendError) {}
}

/// One attempt of one job.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    process: &'a ClaimedProcess,
    node: u32,
    ordinal: u32,
    what: JobName,
    asked: Instant,
}

impl<'a> Attempt<'a> {
    pub(super) fn of_claim(process: &'a ClaimedProcess, claim: &Claim, asked: Instant) -> Self {
        Self { process, node: claim.node, ordinal: claim.attempt, what: claim.what(process.plan()), asked }
    }

    pub(super) fn of_lost(lost: &'a LostClaim, asked: Instant) -> Self {
        let (node, ordinal) = (lost.node, lost.attempt);
        Self { process: &lost.process, node, ordinal, what: JobName::Task, asked }
    }

    /// The identifier of the process.
    pub fn identifier(&self) -> &'a str {
        self.process.plan.identifier()
    }

    /// The number of the job in the plan.
    pub fn job(&self) -> usize {
        self.node as usize
    }

    /// The number of the scope it belongs to, see [`Scope`](crate::plan::Scope).
    pub fn scope(&self) -> usize {
        self.process.plan.nodes[self.node as usize].scope as usize
    }

    /// The name of the definition it belongs to.
    pub fn definition(&self) -> &'a str {
        self.process.plan.definition_of(self.process.plan.nodes[self.node as usize].scope).name()
    }

    /// The name of the task; nothing for a hook.
    pub fn task(&self) -> Option<&'a str> {
        self.process.plan.task_name(self.node)
    }

    /// The name of the hook; nothing for a task.
    pub fn hook(&self) -> Option<&'static str> {
        match self.what {
            JobName::Task => None,
            JobName::Hook(hook) => Some(hook.name()),
        }
    }

    /// Which attempt it is, from 1.
    pub fn attempt(&self) -> u32 {
        self.ordinal
    }

    /// When the backend was asked for what this tells of.
    pub fn asked(&self) -> Instant {
        self.asked
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {} of job {} of {}", self.ordinal, self.node, self.identifier())
    }
}

/// The end of one attempt.
#[derive(Debug, Clone, Copy)]
pub struct AttemptEnd<'a> {
    attempt: Attempt<'a>,
    error: Option<&'a TaskError>,
    retry_after: Option<Duration>,
    given_back: bool,
    accepted: bool,
}

impl<'a> AttemptEnd<'a> {
    fn new(process: &'a ClaimedProcess, end: &'a JobEnd, asked: Instant) -> Self {
        let verdict = end.failure.as_ref().map(|failure| &failure.verdict);
        Self {
            attempt: Attempt { process, node: end.node, ordinal: end.attempt, what: end.what, asked },
            error: end.failure.as_ref().map(|failure| &*failure.error),
            retry_after: match verdict {
                Some(Verdict::Retry { after } | Verdict::PutBack { after }) => Some(*after),
                _ => None,
            },
            given_back: matches!(verdict, Some(Verdict::NotBegun)),
            accepted: false,
        }
    }

    /// Which attempt.
    pub fn attempt(&self) -> &Attempt<'a> {
        &self.attempt
    }

    /// The error, if it failed.
    pub fn error(&self) -> Option<&'a TaskError> {
        self.error
    }

    /// The pause until the next attempt, if one follows.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether it was never begun, because its process had stopped before.
    pub fn given_back(&self) -> bool {
        self.given_back
    }

    /// Whether the backend has recorded it; false as long as it has not answered.
    pub fn accepted(&self) -> bool {
        self.accepted
    }
}

/// Ends that were sent, kept until the backend has answered.
pub(super) struct Sent {
    ends: Vec<(std::sync::Arc<ClaimedProcess>, JobEnd)>,
    asked: Instant,
}

impl Sent {
    /// Tells of ends that are about to be sent.
    pub(super) fn new(observer: &dyn Observer, finished: &[Finished]) -> Self {
        let asked = instant();
        let mut ends = Vec::new();
        for group in finished {
            for end in &group.jobs {
                observer.finishing(&AttemptEnd::new(&group.process, end, asked));
                ends.push((std::sync::Arc::clone(&group.process), end.clone()));
            }
        }
        Self { ends, asked }
    }

    pub(super) fn asked(&self) -> Instant {
        self.asked
    }

    /// Tells what became of them.
    pub(super) fn answered(&self, observer: &dyn Observer, lost: &[LostClaim]) {
        for (process, end) in &self.ends {
            let is_lost = lost.iter().any(|lost| {
                std::sync::Arc::ptr_eq(&lost.process, process)
                    && lost.node == end.node
                    && lost.attempt == end.attempt
            });
            observer
                .finished(&AttemptEnd { accepted: !is_lost, ..AttemptEnd::new(process, end, self.asked) });
        }
    }
}
