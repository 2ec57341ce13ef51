//! The plain data that goes in and out of a [`Store`](super::Store).

use std::time::Duration;

use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::plan::JobState;

/// The number of a process in its store; never used again.
pub type Key = u64;

/// What kind of work a job is: a fixed number for each queue, definition and task. Fits into 63 bits.
pub type RouteId = u64;

/// Where a process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// All goes well: ends are recorded by the store itself.
    Flowing,
    /// Something has failed and its siblings may finish: every end is revised.
    Careful,
    /// The outcome is recorded and no task is begun any more: every end is revised, only terminal hooks are claimed.
    Stopping,
    /// The last hook is recorded.
    Ended,
}

impl Phase {
    /// A number for stores: 0 to 3.
    pub fn code(self) -> u8 {
        match self {
            Self::Flowing => 0,
            Self::Careful => 1,
            Self::Stopping => 2,
            Self::Ended => 3,
        }
    }

    /// The phase of a number.
    pub fn from_code(code: u8) -> Option<Self> {
        [Self::Flowing, Self::Careful, Self::Stopping, Self::Ended].get(usize::from(code)).copied()
    }
}

/// A process to be added.
#[derive(Debug, Clone)]
pub struct NewProcess {
    /// Its identifier: the unique key.
    pub identifier: String,
    /// The name of its definition.
    pub definition: String,
    /// The plan: opaque.
    pub plan: Vec<u8>,
    /// Higher goes first.
    pub priority: i16,
    /// The job that begins it.
    pub first: Release,
    /// When it begins, seen from now.
    pub start_after: Duration,
    /// When it is overdue, seen from now (`R15`).
    pub deadline: Option<Duration>,
    /// Where nodes meet.
    pub meetings: Vec<Meeting>,
}

/// What became of a process that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is new.
    Created(Key),
    /// Its identifier is known already, as this process's; nothing was changed.
    Known(Key),
}

/// A job that becomes ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its node.
    pub node: u32,
    /// Its kind of work.
    pub route: RouteId,
    /// It ends the process: with it the outcome is completed.
    pub concludes: bool,
}

/// What follows a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Then {
    /// Jobs that waited for this node alone.
    pub releases: Vec<Release>,
    /// Meetings that count down. One that is named twice counts down twice.
    pub meetings: Vec<u32>,
}

/// A node that waits for several others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The node.
    pub node: u32,
    /// How many it waits for.
    pub waits_for: u32,
    /// What the last of them lets go: the job of the node itself, or, where it is none, what follows it.
    pub then: Then,
}

/// One claim of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fence {
    /// The process.
    pub key: Key,
    /// The node.
    pub node: u32,
    /// The attempt.
    pub attempt: u32,
    /// The claim's random number; zero for none.
    pub nonce: u32,
}

/// The end of one attempt, in so far as a store can record it by itself.
#[derive(Debug, Clone)]
pub struct End {
    /// The claim.
    pub fence: Fence,
    /// How it ended.
    pub how: How,
    /// The error of an attempt that failed: opaque.
    pub error: Option<Vec<u8>>,
    /// What follows a success, or a hook that was given up.
    pub then: Then,
    /// It was the last job of the process.
    pub last: bool,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It has succeeded.
    Succeeded,
    /// It is a hook, and has failed for good: the process goes on as if it had succeeded (`R14`). Counts as `failed`.
    GivenUp,
    /// It has failed; another attempt follows after this pause. Counts as `failed`.
    Retry(Duration),
    /// Its arguments could not be read; somebody else may after this pause (`R17`). Counts as `undecoded`.
    PutBack(Duration),
}

/// What became of an [`End`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded.
    Done,
    /// Its fence does not hold; it was dropped.
    Lost,
    /// It must be revised; nothing was changed.
    Revise,
}

/// The answer to an exchange.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// What became of each end, in their order.
    pub recorded: Vec<Recorded>,
    /// The claims.
    pub claims: Vec<ClaimRow>,
    /// When the next waiting job is due, seen from now.
    pub next_due: Option<Duration>,
    /// Whether more jobs of the worker's routes may be ready than were claimed.
    pub more: bool,
    /// Whether jobs have become ready with the ends that were not claimed here: others are to hear of them (`R22`).
    pub left_ready: bool,
    /// Processes that have ended with this exchange.
    pub ended: Vec<Key>,
    /// The store does not know the worker: it must join again.
    pub unknown: bool,
}

/// A claimed job.
#[derive(Debug, Clone)]
pub struct ClaimRow {
    /// The claim.
    pub fence: Fence,
    /// How many attempts have failed before.
    pub failed: u32,
    /// How often its arguments could not be read.
    pub undecoded: u32,
    /// What a terminal hook is told, when it is not the completion: opaque.
    pub event: Option<Vec<u8>>,
}

/// A plan as it is kept.
#[derive(Debug, Clone)]
pub struct PlanRow {
    /// The identifier of the process.
    pub identifier: String,
    /// The plan: opaque.
    pub plan: Vec<u8>,
}

/// A process as it is kept, without its plan. Times are milliseconds since 1970, by the store's clock.
#[derive(Debug, Clone)]
pub struct ProcessRow {
    /// Its number.
    pub key: Key,
    /// Its identifier.
    pub identifier: String,
    /// The name of its definition.
    pub definition: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether the outcome is recorded, and which: 1 completed, 2 failed, 3 cancelled.
    pub outcome: Option<u8>,
    /// What the rules note of it: opaque.
    pub memo: Vec<u8>,
    /// Whether it is paused.
    pub paused: bool,
    /// Higher goes first.
    pub priority: i16,
    /// When it was enqueued.
    pub created_at: i64,
    /// When its last hook was recorded.
    pub ended_at: Option<i64>,
}

/// A job as it is kept. Times are milliseconds since 1970, by the store's clock.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// The claim, or the last one there was.
    pub fence: Fence,
    /// Its kind of work.
    pub route: RouteId,
    /// Its state. A job that is held because its process is paused is [`JobState::Ready`].
    pub state: JobState,
    /// How many attempts have failed.
    pub failed: u32,
    /// How many workers were lost with it.
    pub lost: u32,
    /// How often its arguments could not be read.
    pub undecoded: u32,
    /// What a terminal hook is told: opaque.
    pub event: Option<Vec<u8>>,
    /// The error of the last failed attempt: opaque.
    pub error: Option<Vec<u8>>,
    /// Who holds it.
    pub worker: Option<WorkerId>,
    /// When the last attempt began.
    pub claimed_at: Option<i64>,
    /// When it ended for good.
    pub ended_at: Option<i64>,
    /// When it is due, while it waits.
    pub due_at: Option<i64>,
}

/// The state of one process, for [`Store::revise`](super::Store::revise).
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The process.
    pub process: ProcessRow,
    /// Its jobs, but for tasks that have succeeded or were skipped.
    pub jobs: Vec<JobRow>,
    /// Its meetings: the node, and how many it still waits for.
    pub meetings: Vec<(u32, u32)>,
}

/// Says what becomes of a process, for [`Store::revise`](super::Store::revise).
///
/// A type of its own, and no closure as such: the compiler cannot yet prove that a future is `Send` which holds
/// a closure that must live on.
pub struct Reviser<T>(Box<Revise<T>>);

type Revise<T> = dyn FnOnce(&Snapshot) -> Result<(Changes, T), BackendError> + Send;

impl<T> Reviser<T> {
    /// A reviser that does this.
    pub fn new(
        change: impl FnOnce(&Snapshot) -> Result<(Changes, T), BackendError> + Send + 'static,
    ) -> Self {
        Self(Box::new(change))
    }

    /// What becomes of the process, and an answer for the caller.
    pub fn revise(self, snapshot: &Snapshot) -> Result<(Changes, T), BackendError> {
        (self.0)(snapshot)
    }
}

impl<T> std::fmt::Debug for Reviser<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reviser").finish_non_exhaustive()
    }
}

/// What becomes of a process; stored as it is.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The process itself; nothing changes in it without.
    pub process: Option<Change>,
    /// Jobs that change, and jobs that get their row.
    pub jobs: Vec<JobUpdate>,
    /// Meetings that are set to a number; one that has no row gets one, which lets nothing go.
    pub meetings: Vec<(u32, u32)>,
}

/// What changes in a process.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its phase; with [`Phase::Ended`] the time of its end is set, with any other it is cleared.
    pub phase: Phase,
    /// Its outcome.
    pub outcome: Option<u8>,
    /// Its memo.
    pub memo: Vec<u8>,
    /// Where it goes on after its outcome: when it is overdue, seen from now (`R15`). Else the deadline stays.
    pub deadline: Option<Duration>,
}

/// A job that changes, or gets its row.
#[derive(Debug, Clone)]
pub struct JobUpdate {
    /// Its node.
    pub node: u32,
    /// Its kind of work.
    pub route: RouteId,
    /// Its new state. What becomes ready is held while the process is paused. What becomes final gets the time of
    /// its end. Anything but running loses its worker and lease.
    pub state: JobState,
    /// With [`JobState::Waiting`]: when it is due, seen from now.
    pub due: Option<Duration>,
    /// The number of its last attempt.
    pub attempt: u32,
    /// Its nonce; zero so that no fence holds.
    pub nonce: u32,
    /// How many attempts have failed.
    pub failed: u32,
    /// How many workers were lost with it.
    pub lost: u32,
    /// How often its arguments could not be read.
    pub undecoded: u32,
    /// What a terminal hook is told.
    pub event: Option<Vec<u8>>,
    /// The error of the last failed attempt.
    pub error: Option<Vec<u8>>,
}

/// The answer to a worker's sign of life.
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// All jobs that the worker holds, after the renewal where there was one.
    pub held: Vec<Fence>,
    /// Processes that are stopping and in which it holds jobs; true for those that were cancelled.
    pub stopping: Vec<(Key, bool)>,
    /// Leases that have run out and must be revised.
    pub expired: Vec<Fence>,
    /// How many leases were taken back.
    pub reaped: usize,
    /// Active processes whose deadline has passed.
    pub overdue: Vec<Key>,
    /// The queues that are paused.
    pub paused: Vec<String>,
}

/// Which processes to list.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// Those of this definition.
    pub definition: Option<String>,
    /// Those of this outcome: 0 for none yet, 1 completed, 2 failed, 3 cancelled.
    pub outcome: Option<u8>,
    /// Those whose identifier begins so.
    pub prefix: Option<String>,
    /// Those with a greater key.
    pub after: Key,
    /// So many at most.
    pub limit: usize,
}

/// How long processes are kept after their end (`R20`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Those that have completed.
    pub completed: Duration,
    /// Those that have failed or were cancelled.
    pub failed: Duration,
}

impl Default for Retention {
    /// 7 and 30 days.
    fn default() -> Self {
        Self { completed: Duration::from_hours(7 * 24), failed: Duration::from_hours(30 * 24) }
    }
}

/// Jobs that nobody can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Their kind of work.
    pub route: RouteId,
    /// How many there are.
    pub jobs: usize,
    /// One of them: its process and node.
    pub example: (Key, u32),
}

/// Something that may have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// Jobs may be ready.
    Ready,
    /// A process has ended.
    Ended(Key),
    /// A process is stopping: who runs its jobs should look.
    Stopping(Key),
    /// Whatever: look at everything.
    Anything,
}
