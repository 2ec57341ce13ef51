//! What goes in and out of a backend.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use smallvec::SmallVec;
use tokio::sync::mpsc;

use crate::definition::context::{Progress, Session};
use crate::definition::hooks::HookEvent;
use crate::plan::rules::Verdict;
use crate::plan::{JobState, Outcome, Plan};
use crate::words::error::TaskError;

/// One start of a worker. Random, so that two starts are never taken for one (`R3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(u128);

impl WorkerId {
    /// A new identity.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().as_u128())
    }

    /// The identity as a number.
    pub fn as_u128(self) -> u128 {
        self.0
    }

    /// The identity of a number.
    pub fn from_u128(number: u128) -> Self {
        Self(number)
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The answer to an enqueue (`R2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// The process is new.
    Created,
    /// A process with this identifier and content was there already; nothing was added.
    Existing,
}

/// The answer to a cancellation: who came first (`R13`).
#[derive(Debug, Clone)]
pub enum CancelAnswer {
    /// The process is cancelled, now or since an earlier cancellation.
    Cancelled,
    /// The process had this outcome already.
    TooLate(Outcome),
}

/// What all claims of one process share.
pub struct ClaimedProcess {
    /// Where the backend keeps the process.
    pub(crate) key: u64,
    pub(crate) plan: Arc<Plan>,
    pub(crate) session: Arc<Session>,
}

impl ClaimedProcess {
    /// The plan that the claimed jobs are nodes of.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl fmt::Debug for ClaimedProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClaimedProcess").field(&self.plan).finish()
    }
}

/// Jobs of one process that a worker may run.
#[derive(Debug)]
pub struct Claimed {
    pub(crate) process: Arc<ClaimedProcess>,
    /// Last first: the worker takes them from the back. Often it is just one, which then costs no allocation.
    pub(crate) jobs: SmallVec<[Claim; 1]>,
}

/// One job that a worker may run, with its fence.
#[derive(Debug)]
pub struct Claim {
    pub(crate) node: u32,
    /// Which attempt this is, from 1.
    pub(crate) attempt: u32,
    /// How many attempts have failed, of those before.
    pub(crate) failed: u32,
    pub(crate) nonce: u32,
    /// What a terminal hook is told, when it is not the completion.
    pub(crate) event: Option<Box<HookEvent>>,
}

/// Ends of attempts of one process.
#[derive(Debug)]
pub struct Finished {
    pub(crate) process: Arc<ClaimedProcess>,
    pub(crate) jobs: SmallVec<[JobEnd; 1]>,
}

/// The end of one attempt, with the fence of its claim and what is to become of the job.
#[derive(Debug)]
pub struct JobEnd {
    pub(crate) node: u32,
    pub(crate) attempt: u32,
    pub(crate) nonce: u32,
    /// Nothing for a success.
    pub(crate) failure: Option<Box<JobFailure>>,
}

impl JobEnd {
    /// Whether an attempt was made, and failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.verdict != Verdict::NotBegun)
    }
}

/// A failed attempt, and the verdict on it.
#[derive(Debug)]
pub(crate) struct JobFailure {
    pub(crate) error: Arc<TaskError>,
    pub(crate) verdict: Verdict,
}

/// A worker's bell: a backend rings it when there may be something to claim.
#[derive(Debug, Default)]
pub struct Bell {
    sleepers: AtomicUsize,
    rung: Mutex<bool>,
    ring: Condvar,
}

impl Bell {
    /// Wakes one of those who sleep, or keeps the next one from falling asleep.
    pub fn ring(&self) {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        *rung = true;
        drop(rung);
        self.ring.notify_one();
    }

    /// Wakes everyone who sleeps.
    pub(crate) fn ring_all(&self) {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        *rung = true;
        drop(rung);
        self.ring.notify_all();
    }

    /// Whether somebody sleeps or is about to.
    pub(crate) fn has_sleepers(&self) -> bool {
        self.sleepers.load(Ordering::SeqCst) > 0
    }

    /// Notes that the caller is about to sleep. It must look once more for work afterwards, and then either
    /// [`sleep`](Self::sleep) or [`stay_awake`](Self::stay_awake).
    pub(crate) fn lie_down(&self) {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes back [`lie_down`](Self::lie_down).
    pub(crate) fn stay_awake(&self) {
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Sleeps until the bell rings, at most for a while.
    pub(crate) fn sleep(&self, longest: Duration) {
        self.wait(longest);
        self.stay_awake();
    }

    /// Waits until the bell rings, at most for a while, without being counted as asleep: for who has no use for more
    /// work.
    pub(crate) fn wait(&self, longest: Duration) {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        if !*rung {
            (rung, _) = self.ring.wait_timeout(rung, longest).unwrap_or_else(PoisonError::into_inner);
        }
        *rung = false;
    }
}

/// What a job is, for those who look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobKind {
    /// A task.
    Task,
    /// A hook: `on_started`, or the one that ends a process.
    Hook,
}

/// One job of a process, as it stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobStatus {
    /// Its number in the plan.
    pub number: usize,
    /// What it is.
    pub kind: JobKind,
    /// The name of the task or the hook.
    pub name: &'static str,
    /// The definition it belongs to.
    pub definition: &'static str,
    /// The description of its step.
    pub description: Option<Arc<str>>,
    /// Its state.
    pub state: JobState,
    /// How many attempts have begun.
    pub attempt: u32,
    /// The error of the last failed attempt.
    pub error: Option<Arc<TaskError>>,
}

/// A process, as it stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProcessStatus {
    /// Its identifier.
    pub identifier: String,
    /// The name of its definition.
    pub definition: &'static str,
    /// The outcome, once it is recorded; the last hooks may still run.
    pub outcome: Option<Outcome>,
    /// Whether the last hook is recorded, too.
    pub ended: bool,
    /// Its tasks and hooks.
    pub jobs: Vec<JobStatus>,
}

impl ProcessStatus {
    /// How many tasks are in this state.
    pub fn count(&self, state: JobState) -> usize {
        self.tasks().filter(|job| job.state == state).count()
    }

    /// The tasks, without the hooks.
    pub fn tasks(&self) -> impl Iterator<Item = &JobStatus> {
        self.jobs.iter().filter(|job| job.kind == JobKind::Task)
    }
}

/// Something that happened to a process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A job is in a new state.
    Job(JobStatus),
    /// A running task has said how far it has come.
    Progress {
        /// The number of the job in the plan.
        number: usize,
        /// The name of the task.
        name: &'static str,
        /// The description of its step.
        description: Option<Arc<str>>,
        /// How far it has come.
        progress: Progress,
    },
    /// The process has ended, and its last hook is recorded. Nothing follows.
    Ended(Outcome),
}

/// What happens to a process, one [`Event`] after the other.
#[derive(Debug)]
pub struct Events {
    pub(crate) receiver: mpsc::UnboundedReceiver<Event>,
}

impl Events {
    /// The next event; nothing after [`Event::Ended`].
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }
}
