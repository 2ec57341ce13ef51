//! What goes in and out of a backend.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use smallvec::SmallVec;
use tokio::sync::mpsc;

use crate::definition::context::{Progress, Session};
use crate::definition::hooks::{Hook, HookEvent};
use crate::definition::registry::Registry;
use crate::plan::rules::{JobFailure, Verdict};
use crate::plan::{JobState, NodeKind, Outcome, Plan};
use crate::words::clock::Deadline;
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
    /// A process with this identifier and content was there already; nothing was added. It may come from this very
    /// call, where the connection to Redis was lost before the answer and the call was sent once more.
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
    /// How often its arguments could not be read (`R17`).
    pub(crate) undecoded: u32,
    pub(crate) nonce: u32,
    /// What a terminal hook is told, when it is not the completion.
    pub(crate) event: Option<Box<HookEvent>>,
}

impl Claim {
    /// What the job is called.
    pub(crate) fn what(&self, plan: &Plan) -> JobName {
        match plan.nodes[self.node as usize].kind {
            NodeKind::Started => JobName::Hook(Hook::Started),
            NodeKind::Terminal => {
                JobName::Hook(self.event.as_ref().map_or(Hook::Completed, |event| event.kind()))
            }
            NodeKind::Task | NodeKind::Join => JobName::Task,
        }
    }
}

/// Ends of attempts of one process.
#[derive(Debug)]
pub struct Finished {
    pub(crate) process: Arc<ClaimedProcess>,
    pub(crate) jobs: SmallVec<[JobEnd; 1]>,
}

/// The end of one attempt, with the fence of its claim and what is to become of the job.
#[derive(Debug, Clone)]
pub struct JobEnd {
    pub(crate) node: u32,
    pub(crate) attempt: u32,
    pub(crate) nonce: u32,
    pub(crate) what: JobName,
    /// Nothing for a success.
    pub(crate) failure: Option<Box<JobFailure>>,
}

/// What a job is called: a task by its own name, a hook by that of what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum JobName {
    Task,
    Hook(Hook),
}

impl JobEnd {
    /// The claim that it was the end of, when that does not hold any more.
    pub(crate) fn lost(&self, process: &Arc<ClaimedProcess>) -> LostClaim {
        LostClaim { process: Arc::clone(process), node: self.node, attempt: self.attempt }
    }

    /// Whether an attempt was made, and failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.verdict != Verdict::NotBegun)
    }
}

/// What a backend must know of a worker.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The definitions that it has.
    pub registry: Registry,
    /// The queues that it works on.
    pub queues: Arc<[String]>,
    /// The names of the definitions that it works on; all that it has, without.
    pub definitions: Option<Arc<[String]>>,
    /// How long a claim holds without a renewal (`R7`).
    pub lease: Duration,
    /// So many workers may be lost with a job (`R9`).
    pub max_lost: u32,
    /// Rung when there may be something to claim.
    pub bell: Arc<Bell>,
}

impl Membership {
    /// Whether it works on jobs of this definition in this queue.
    pub fn serves(&self, definition: &str, queue: &str) -> bool {
        self.queues.iter().any(|own| own == queue)
            && self.definitions.as_ref().is_none_or(|names| names.iter().any(|name| name == definition))
    }
}

/// What a worker's sign of life brought about.
#[derive(Debug, Default)]
pub struct Pulse {
    /// Claims that do not hold any more; what still runs of them was told to stop.
    pub lost: Vec<LostClaim>,
    /// Claims that were given back, because what ran of them was told to stop: uncharged.
    pub released: Vec<LostClaim>,
    /// How many expired claims of other workers were taken back (`R8`).
    pub reaped: usize,
    /// Jobs that no worker can do (`R17`).
    pub unroutable: Vec<Unroutable>,
}

/// A claim that does not hold any more: it was lost, or given back.
#[derive(Debug, Clone)]
pub struct LostClaim {
    pub(crate) process: Arc<ClaimedProcess>,
    pub(crate) node: u32,
    pub(crate) attempt: u32,
}

/// Ready jobs that no worker can do which is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unroutable {
    /// The definition.
    pub definition: String,
    /// The task; nothing for a hook.
    pub task: Option<String>,
    /// The queue.
    pub queue: String,
    /// How many jobs there are.
    pub jobs: usize,
}

/// A worker's bell: a backend rings it when there may be something to claim.
#[derive(Debug, Default)]
pub struct Bell {
    sleepers: AtomicUsize,
    rung: AtomicBool,
    /// How many wait for the ring.
    waiting: Mutex<usize>,
    ring: Condvar,
}

impl Bell {
    /// Wakes one of those who sleep, or keeps the next one from falling asleep.
    pub fn ring(&self) {
        if self.sound() {
            self.ring.notify_one();
        }
    }

    /// Wakes everyone who sleeps.
    pub(crate) fn ring_all(&self) {
        if self.sound() {
            self.ring.notify_all();
        }
    }

    /// Whether anybody waits to be told.
    fn sound(&self) -> bool {
        // Who begins to wait after this sees it; who waits already is counted.
        self.rung.store(true, Ordering::SeqCst);
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) > 0
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
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.rung.swap(false, Ordering::SeqCst) {
            *waiting += 1;
            (waiting, _) = self.ring.wait_timeout(waiting, longest).unwrap_or_else(PoisonError::into_inner);
            *waiting -= 1;
            self.rung.store(false, Ordering::SeqCst);
        }
    }

    /// Listens for the bell without falling asleep, for a short while: to fall asleep and to be woken takes longer than
    /// many a job.
    pub(crate) fn listen(&self, longest: Duration) {
        let end = Deadline::after(longest);
        while !self.rung.load(Ordering::Relaxed) && !end.is_none_or(Deadline::has_passed) {
            std::hint::spin_loop();
        }
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
    pub name: Arc<str>,
    /// The definition it belongs to.
    pub definition: Arc<str>,
    /// The description of its step.
    pub description: Option<Arc<str>>,
    /// Its state.
    pub state: JobState,
    /// How many attempts have begun.
    pub attempt: u32,
    /// How many of them have failed.
    pub failed: u32,
    /// How many workers were lost with it (`R9`).
    pub lost: u32,
    /// The error of the last failed attempt.
    pub error: Option<Arc<TaskError>>,
    /// When the last attempt began; stores know it, the in-process backend does not.
    pub started_at: Option<SystemTime>,
    /// When it ended for good; stores know it, the in-process backend does not.
    pub ended_at: Option<SystemTime>,
}

/// A process, as it stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProcessStatus {
    /// Its identifier.
    pub identifier: String,
    /// The name of its definition.
    pub definition: Arc<str>,
    /// Whether it is paused.
    pub paused: bool,
    /// Jobs of a higher priority go first.
    pub priority: i16,
    /// When it was enqueued; stores know it, the in-process backend does not.
    pub created_at: Option<SystemTime>,
    /// When its last hook was recorded; stores know it, the in-process backend does not.
    pub ended_at: Option<SystemTime>,
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

/// Which processes to list, page by page.
#[derive(Debug, Clone, Default)]
pub struct ProcessFilter {
    pub(crate) definition: Option<String>,
    pub(crate) state: Option<ProcessState>,
    pub(crate) prefix: Option<String>,
    pub(crate) after: u64,
    pub(crate) limit: Option<usize>,
}

/// So many processes are on a page, unless told otherwise.
const PAGE: usize = 100;

impl ProcessFilter {
    /// All processes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of the definition with this name.
    #[must_use]
    pub fn definition(mut self, name: impl Into<String>) -> Self {
        self.definition = Some(name.into());
        self
    }

    /// Those in this state.
    #[must_use]
    pub fn state(mut self, state: ProcessState) -> Self {
        self.state = Some(state);
        self
    }

    /// Those whose identifier begins so.
    #[must_use]
    pub fn identifier_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Those that come after [`ProcessPage::next`] of the page before.
    #[must_use]
    pub fn after(mut self, position: u64) -> Self {
        self.after = position;
        self
    }

    /// So many on a page, from 1 to 1,000. Default: 100.
    #[must_use]
    pub fn limit(mut self, processes: usize) -> Self {
        self.limit = Some(processes.clamp(1, 1000));
        self
    }

    pub(crate) fn page_size(&self) -> usize {
        self.limit.unwrap_or(PAGE)
    }
}

/// Where a process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProcessState {
    /// It has no outcome yet.
    Active,
    /// All its tasks have succeeded.
    Completed,
    /// A task has failed for good, or it took too long.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl ProcessState {
    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn of(outcome: Option<&Outcome>) -> Self {
        match outcome {
            None => Self::Active,
            Some(Outcome::Completed) => Self::Completed,
            Some(Outcome::Failed(_)) => Self::Failed,
            Some(Outcome::Cancelled { .. }) => Self::Cancelled,
        }
    }
}

impl fmt::Display for ProcessState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line of a list of processes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProcessSummary {
    /// Its identifier.
    pub identifier: String,
    /// The name of its definition.
    pub definition: String,
    /// Where it is in its life.
    pub state: ProcessState,
    /// Whether its last hook is recorded.
    pub ended: bool,
    /// Whether it is paused.
    pub paused: bool,
    /// When it was enqueued; stores know it, the in-process backend does not.
    pub created_at: Option<SystemTime>,
}

/// A page of a list of processes, in the order in which they were enqueued.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ProcessPage {
    /// The processes.
    pub processes: Vec<ProcessSummary>,
    /// Where the next page begins; nothing when this was the last one.
    pub next: Option<u64>,
}

/// Something that happened to a process.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A job is in a new state.
    Job(JobStatus),
    /// A task that runs in this program has said how far it has come. Of those that run in other programs nothing is
    /// heard but their states: progress is told, and not stored.
    Progress {
        /// The number of the job in the plan.
        number: usize,
        /// The name of the task.
        name: Arc<str>,
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
        let event = self.receiver.recv().await;
        if matches!(event, Some(Event::Ended(_))) {
            // Others may keep their end open for as long as they like.
            self.receiver.close();
            while self.receiver.try_recv().is_ok() {}
        }
        event
    }
}

/// A job as those see it who look at the process; nothing for a join.
pub(crate) fn describe(plan: &Plan, number: u32, state: JobState, hook: &str) -> Option<JobStatus> {
    let node = plan.node(number as usize)?;
    let (kind, name) = match node.kind() {
        NodeKind::Task => (JobKind::Task, plan.task_name(number).unwrap_or_default()),
        NodeKind::Started | NodeKind::Terminal => (JobKind::Hook, hook),
        NodeKind::Join => return None,
    };
    Some(JobStatus {
        number: number as usize,
        kind,
        name: name.into(),
        definition: node.definition().name().into(),
        description: node.description().map(Arc::from),
        state,
        attempt: 0,
        failed: 0,
        lost: 0,
        error: None,
        started_at: None,
        ended_at: None,
    })
}
