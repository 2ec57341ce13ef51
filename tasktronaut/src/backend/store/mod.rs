//! [`Store`]: what a place that keeps processes for several programs must be able to do.
//!
//! A store deals in plain data: numbers, opaque bytes and durations. It knows no definitions and decides nothing; it
//! keeps rows, and changes them in atomic steps. `Durable` makes a [`Backend`](super::Backend) of it.
//!
//! # What is kept
//!
//! | | key | what |
//! |---|---|---|
//! | process | [`Key`], and its identifier, which is unique | the plan as opaque bytes, [`Phase`], outcome, memo, times |
//! | job | process and node | state, attempt, fence, lease, due time, budgets, error |
//! | meeting | process and node | how many nodes the node still waits for, and what it lets go |
//! | worker | [`WorkerId`] | the routes that it can work on, when it was last seen |
//!
//! **A job gets its row when it becomes ready**, not before: a process of 100,000 jobs is enqueued as one plan, a few
//! meetings and one row. Where a node waits for one other node only, the end of that one releases it, and the
//! [`End`] says so. Where it waits for several, they meet: a [`Meeting`] counts down, and the last one releases.
//!
//! # Two ways to change a process
//!
//! - **[`exchange`](Store::exchange)** records ends and claims jobs while everything goes well: the process is
//!   [`Phase::Flowing`], and the end is a success or a retry. That is nearly always, and takes one round trip.
//! - **[`revise`](Store::revise)** hands the whole state of one process to the rules of the plan, and stores what they
//!   make of it: failures, cancellations, what ends while a process stops. That is rare, and may take several.
//!
//! Both are atomic, and exclude each other for the same process.

mod rows;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use rows::{
    Beat, Change, Changes, ClaimRow, End, Exchange, Fence, How, JobRow, JobUpdate, Key, ListFilter, Meeting,
    NewProcess, Phase, PlanRow, ProcessRow, Recorded, Release, Retention, Reviser, RouteId, Snapshot, Stored,
    Stray, Then, Wake,
};

use super::record::WorkerId;
use super::{BackendError, Capability};

/// Who is told that something may have happened: see [`Store::subscribe`].
pub type Listener = Arc<dyn Fn(Wake) + Send + Sync>;

/// A place that keeps processes for several programs.
///
/// # What every operation promises
///
/// - It is atomic: all of it is recorded, or nothing; and recorded is what it says when it returns.
/// - Times are the store's own: callers give durations, the store adds them to its clock. Where that clock is put back,
///   leases and pauses last longer, and nothing else happens.
/// - An operation may be sent again after its answer was lost; an [`End`] then counts once, and is answered again with
///   [`Recorded::Done`] as long as its row shows that it is recorded.
/// - Rows that do not make sense give [`BackendError::Corrupt`], never a panic, and do not harm their neighbours.
pub trait Store: Clone + Send + Sync + 'static {
    /// What the store can do.
    fn capability(&self) -> Capability;

    /// Adds processes, each of them wholly or not at all (`R1`). One whose identifier is known is left alone (`R2`):
    /// the store's own unique key decides.
    ///
    /// - The first job gets its row, with the route of [`NewProcess::first`]: ready at once, or waiting where
    ///   [`NewProcess::start_after`] says so.
    /// - The meetings get their rows.
    fn enqueue(
        &self,
        processes: Arc<[NewProcess]>,
    ) -> impl Future<Output = Result<Vec<Stored>, BackendError>> + Send;

    /// Enters a worker, or enters it again with other routes or another lease: from now on
    /// [`exchange`](Self::exchange) gives it jobs of these routes, each with a lease of this length.
    fn join(
        &self,
        worker: WorkerId,
        routes: Vec<RouteId>,
        lease: Duration,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Records ends of attempts, and then claims up to `wanted` jobs, in one atomic step.
    ///
    /// For each end, in this order:
    /// 1. No such process or job, or the fence (attempt and nonce) is not that of the row: [`Recorded::Lost`] (`R4`).
    /// 2. The row is in the state that this end leads to (`succeeded`, `failed`, `waiting`): it is recorded already, and
    ///    only the answer was lost. [`Recorded::Done`], nothing is changed. In any other state but running and ready (a
    ///    lease that ran out, and that nobody has claimed since): [`Recorded::Lost`].
    /// 3. The process is not [`Phase::Flowing`]: [`Recorded::Revise`], nothing is changed. The caller revises.
    /// 4. [`How::Succeeded`] and [`How::GivenUp`]: the job is `succeeded` or `failed`, its lease is gone; what is given
    ///    up counts as `failed` once more. Every
    ///    meeting of [`End::then`] counts down by one for each time it is named; one that reaches zero lets its own
    ///    [`Then`] go, which may count down others in turn: a loop, not a recursion. Every [`Release`] gets its row,
    ///    ready at once (held while the process is paused) (`R5`).
    ///    A release that [`concludes`](Release::concludes) sets the outcome to completed; an end that is
    ///    [`last`](End::last) makes the process [`Phase::Ended`], with the time.
    /// 5. [`How::Retry`] and [`How::PutBack`]: the job is `waiting` until the pause is over, by the store's clock
    ///    (`R10`); its error is kept; `failed` or `undecoded` is one more.
    ///
    /// Then, where `wanted` is not zero: waiting jobs whose time has come become ready (at most 1,000 in one call),
    /// with a nonce of zero, so that a retry that is sent again does not count again;
    /// ready jobs of the worker's routes are claimed, those of higher priority first, then those that were ready
    /// first. A claim raises `attempt`, sets a new random nonce that is not zero, the worker and the lease (`R3`).
    /// Jobs that another exchange is claiming are passed over, not waited for.
    ///
    /// A worker that is not known (swept, or never joined) claims nothing, and [`Exchange::unknown`] says so.
    fn exchange(
        &self,
        worker: WorkerId,
        ends: Vec<End>,
        wanted: usize,
    ) -> impl Future<Output = Result<Exchange, BackendError>> + Send;

    /// The plans of processes, in the order of the keys; nothing for those that are gone.
    fn plans(&self, keys: &[Key]) -> impl Future<Output = Result<Vec<Option<PlanRow>>, BackendError>> + Send;

    /// Changes one process as a whole: reads its state, has `change` say what becomes of it, and stores that; nobody
    /// else changes the process in between. Nothing when there is no such process.
    ///
    /// The [`Snapshot`] holds the process, its jobs that have a row, but for succeeded and skipped tasks, and its
    /// meetings. The [`Changes`] are stored as they are: see there.
    fn revise<T: Send + 'static>(
        &self,
        key: Key,
        change: Reviser<T>,
    ) -> impl Future<Output = Result<Option<T>, BackendError>> + Send;

    /// A worker's sign of life, and what it must know. With `renew`, all leases of the worker begin anew (`R7`).
    ///
    /// - Leases that have run out, of any worker, are taken back, at most 100 in one call, with one guarded statement
    ///   that re-checks its condition as it writes (`R8`): where the process is flowing and `lost + 1 < max_lost`
    ///   the job is ready again and `lost` is one more; `attempt` and nonce stay, so that a late result is still
    ///   taken. The others are left alone and given as [`Beat::expired`], to be revised.
    /// - [`Beat::overdue`]: active processes whose deadline has passed, at most 100.
    /// - [`Beat::stopping`]: processes that are stopping and in which this worker holds jobs.
    fn beat(
        &self,
        worker: WorkerId,
        renew: bool,
        max_lost: u32,
    ) -> impl Future<Output = Result<Beat, BackendError>> + Send;

    /// Gives jobs back that a worker holds, uncharged (`R18`): ready at once, with a nonce of zero, so that whatever
    /// may still come is lost. With `fences`, those; without, all that the worker holds, and the worker is forgotten.
    /// Jobs of processes that are not flowing are left alone and given back, to be revised.
    fn give_back(
        &self,
        worker: WorkerId,
        fences: Option<Vec<Fence>>,
    ) -> impl Future<Output = Result<Vec<Fence>, BackendError>> + Send;

    /// The process of an identifier.
    fn find(&self, identifier: &str)
    -> impl Future<Output = Result<Option<ProcessRow>, BackendError>> + Send;

    /// All jobs of a process that have a row.
    fn jobs(&self, key: Key) -> impl Future<Output = Result<Vec<JobRow>, BackendError>> + Send;

    /// Processes in the order of their keys, after [`ListFilter::after`].
    fn list(&self, filter: &ListFilter)
    -> impl Future<Output = Result<Vec<ProcessRow>, BackendError>> + Send;

    /// Pauses a process, or lets it go on. What is ready is held until then, and so is what becomes ready; what runs
    /// goes on. False when there is no such process.
    fn pause_process(
        &self,
        key: Key,
        paused: bool,
    ) -> impl Future<Output = Result<bool, BackendError>> + Send;

    /// Notes that a queue is paused, or not any more. Workers see it in their [`Beat`].
    fn pause_queue(&self, queue: &str, paused: bool)
    -> impl Future<Output = Result<(), BackendError>> + Send;

    /// The queues that are paused: what a worker must know before its first claim.
    fn paused_queues(&self) -> impl Future<Output = Result<Vec<String>, BackendError>> + Send;

    /// Removes a process and everything of it. With `only_ended`, one that has not ended stays. False when nothing
    /// was removed.
    fn delete(&self, key: Key, only_ended: bool) -> impl Future<Output = Result<bool, BackendError>> + Send;

    /// Removes processes that have ended long enough ago (`R20`), and workers that were not seen for an hour; at most
    /// `limit` of each. The answer is how many processes went.
    fn sweep(
        &self,
        retention: Retention,
        limit: usize,
    ) -> impl Future<Output = Result<usize, BackendError>> + Send;

    /// Ready jobs of routes that no worker knows which was seen in the last minute (`R17`), by route.
    fn strays(&self) -> impl Future<Output = Result<Vec<Stray>, BackendError>> + Send;

    /// Tells other programs that something may have happened. A hint (`R22`): it may be lost, and several may become
    /// one; it never fails the caller and does not wait for anybody.
    fn announce(&self, wakes: &[Wake]);

    /// Has the listener told of what other programs announce, as long as this store is open. It may be told of this
    /// program's own announcements, too. After a connection was lost and found again it is told [`Wake::Anything`].
    fn subscribe(&self, listener: Listener) -> impl Future<Output = Result<(), BackendError>> + Send;
}
