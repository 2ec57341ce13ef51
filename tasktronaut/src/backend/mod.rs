//! Floor 3, where processes are kept: the [`Backend`] trait, and its implementations.
//!
//! A backend stores and fences; it never decides. What an error means is decided by the rules of the plan; a backend
//! offers a handful of atomic operations and carries out verdicts.

mod any;
mod capability;
#[cfg(feature = "durable")]
mod durable;
mod feed;
pub(crate) mod local;
#[cfg(feature = "postgres")]
pub mod postgres;
mod record;
#[cfg(feature = "redis")]
pub mod redis;
pub mod seed;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod store;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

pub use any::AnyBackend;
pub use capability::Capability;
#[cfg(feature = "durable")]
pub use durable::Durable;
pub use local::{LocalBackend, LocalOptions};
pub(crate) use record::JobName;
pub use record::{
    Bell, CancelAnswer, Claim, Claimed, ClaimedProcess, Enqueued, Event, Events, Finished, JobEnd, JobKind,
    JobStatus, LostClaim, Membership, ProcessFilter, ProcessPage, ProcessState, ProcessStatus,
    ProcessSummary, Pulse, Unroutable, WorkerId,
};

#[cfg(feature = "redis")]
pub use self::redis::{RedisBackend, RedisOptions, RedisStore};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresBackend, PostgresOptions, PostgresStore};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteBackend, SqliteOptions, SqliteStore};

use crate::plan::{Outcome, Plan};
use crate::words::error::full_text;
use crate::words::name::NameError;

/// What went wrong in a backend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No process has this identifier, or it has been removed after its retention.
    #[error(
        "there is no process `{identifier}`; it was never enqueued, or it has ended and been removed since"
    )]
    UnknownProcess {
        /// The identifier.
        identifier: String,
    },
    /// What was asked for cannot be done with a process in this state.
    #[error("process `{identifier}` is {state}; {wanted}")]
    WrongState {
        /// The identifier.
        identifier: String,
        /// The state it is in.
        state: &'static str,
        /// What state it must be in.
        wanted: &'static str,
    },
    /// No queue can have this name (`R21`).
    #[error(transparent)]
    Name(#[from] NameError),
    /// The backend was closed.
    #[error("the backend has been closed")]
    Closed,
    /// The store cannot be opened as it is.
    #[error("{backend} cannot be used: {reason}")]
    Refused {
        /// The name of the backend.
        backend: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The store did not do what it was asked for. What was asked for may be recorded all the same, where the
    /// connection was lost before the answer.
    #[error("{backend} failed to {operation}: {}", full_text(source.as_ref()))]
    Store {
        /// The name of the backend.
        backend: &'static str,
        /// What it was asked for, as in "claim jobs".
        operation: &'static str,
        /// What the store's own client says. Its text and those of its own sources are part of this error's.
        source: crate::words::error::BoxError,
    },
    /// Something in the store makes no sense. Nothing was changed.
    #[error("what {backend} keeps as {what} makes no sense: {reason}")]
    Corrupt {
        /// The name of the backend.
        backend: &'static str,
        /// Which row or field.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl BackendError {
    /// A process cannot be deleted: it is active, or has its outcome and not its end.
    pub(crate) fn not_to_be_deleted(identifier: &str, state: ProcessState) -> Self {
        let wanted = match state {
            ProcessState::Active => "only one that has ended can be deleted; cancel it and wait first",
            _ => "its last hook has not run yet; wait for that before it is deleted",
        };
        Self::WrongState { identifier: identifier.to_owned(), state: state.as_str(), wanted }
    }

    /// A process cannot go on from its failed jobs: it has not failed, or not ended.
    pub(crate) fn not_to_go_on(identifier: &str, state: ProcessState) -> Self {
        let wanted = match state {
            ProcessState::Failed => "its last hook has not run yet; wait for that before it goes on",
            _ => "only one that has failed can go on from its failed jobs",
        };
        Self::WrongState { identifier: identifier.to_owned(), state: state.as_str(), wanted }
    }
}

/// Why a process was not enqueued. Nothing of it is stored (`R1`).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnqueueError {
    /// A process with this identifier but other content is there already (`R2`).
    #[error(
        "a process `{identifier}` with other content has been enqueued already; \
         give this one another identifier, or none"
    )]
    IdentifierConflict {
        /// The identifier.
        identifier: String,
    },
    /// The process is larger than the backend takes (`R21`).
    #[error("process `{identifier}` has {jobs} jobs, the limit of this backend is {limit}")]
    TooManyJobs {
        /// The identifier.
        identifier: String,
        /// How many jobs it has.
        jobs: usize,
        /// The limit.
        limit: usize,
    },
    /// The plan of the process is larger than a store takes (`R21`).
    #[error("the plan of process `{identifier}` has {bytes} bytes, the limit is {limit}")]
    PlanTooLarge {
        /// The identifier.
        identifier: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The backend itself failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Where processes are kept and handed out from, job by job.
///
/// # Behaviour
///
/// - Every operation is atomic: all of it is recorded, or nothing.
/// - A clone is another handle on the same store.
/// - Operations are called from any thread; none of them blocks for long.
/// - A backend decides nothing: a [`JobEnd`] says what becomes of the job.
///
/// [`LocalBackend`] is the specification of each operation, in plain code.
pub trait Backend: Clone + Send + Sync + 'static {
    /// What the backend can do.
    fn capability(&self) -> Capability;

    /// Stores processes, each of them wholly or not at all, and makes their first jobs ready (`R1`). The answers are
    /// in the order of the plans.
    ///
    /// - The identifier of one that is there, with the same content: [`Enqueued::Existing`] (`R2`).
    /// - With other content: [`EnqueueError::IdentifierConflict`].
    fn enqueue(
        &self,
        plans: Vec<Arc<Plan>>,
    ) -> impl Future<Output = Vec<Result<Enqueued, EnqueueError>>> + Send;

    /// Cancels a process, unless it has its outcome already; the answer says which came first (`R13`).
    fn cancel(
        &self,
        identifier: &str,
        reason: &str,
    ) -> impl Future<Output = Result<CancelAnswer, BackendError>> + Send;

    /// Lets a process that has failed go on from its failed jobs, with a new budget of retries.
    fn retry_failed(&self, identifier: &str) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Pauses a process, or lets it go on: nothing of it is claimed meanwhile, what runs goes on.
    fn pause(&self, identifier: &str, paused: bool) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Pauses a queue, or lets it go on. Workers know within a second.
    fn pause_queue(&self, queue: &str, paused: bool)
    -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Removes a process that has ended. One that has not must be cancelled before.
    fn delete(&self, identifier: &str) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// The plan of a process.
    fn plan(&self, identifier: &str) -> impl Future<Output = Result<Arc<Plan>, BackendError>> + Send;

    /// The state of a process and of all its jobs, as of now (`R19`).
    fn status(&self, identifier: &str) -> impl Future<Output = Result<ProcessStatus, BackendError>> + Send;

    /// A page of processes, in the order in which they were enqueued.
    fn list(&self, filter: &ProcessFilter) -> impl Future<Output = Result<ProcessPage, BackendError>> + Send;

    /// The outcome, once the last hook is recorded (`R19`); waits for it.
    fn outcome(&self, identifier: &str) -> impl Future<Output = Result<Outcome, BackendError>> + Send;

    /// What happens to a process from now on, preceded by how things stand.
    fn watch(&self, identifier: &str) -> impl Future<Output = Result<Events, BackendError>> + Send;

    /// Enters a worker. Its bell is rung whenever a job may have become ready, until it leaves: a hint (`R22`), it
    /// looks by itself, too.
    fn join(
        &self,
        worker: WorkerId,
        membership: Membership,
    ) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Records the ends of attempts, and claims up to `wanted` ready jobs, in one step.
    ///
    /// - An end whose fence no longer holds is dropped and counted (`R4`).
    /// - A success counts down what waits for the job, and releases what waits for nothing more (`R5`).
    /// - A claim raises the attempt and sets a new fence (`R3`).
    /// - Once the outcome of a process is recorded none of its tasks is claimed (`R12`).
    /// - `finished` is empty afterwards, except after an error, when it can be sent again; claims are added to
    ///   `claimed`, in groups of one process.
    fn exchange(
        &self,
        worker: WorkerId,
        finished: &mut Vec<Finished>,
        wanted: usize,
        claimed: &mut Vec<Claimed>,
    ) -> impl Future<Output = Result<Exchanged, BackendError>> + Send;

    /// A worker's sign of life: renews its leases, when `renew` says so (`R7`), takes back what others have left
    /// (`R8`), and tells running tasks when they need not go on (`R12`, `R13`). Called at least once a second, from a
    /// thread of its own.
    fn beat(&self, worker: WorkerId, renew: bool)
    -> impl Future<Output = Result<Pulse, BackendError>> + Send;

    /// Takes back all jobs that the worker holds, without charging anything, and forgets the worker (`R18`). The answer
    /// are those whose claims held until then, as far as the backend knows them.
    fn leave(&self, worker: WorkerId) -> impl Future<Output = Result<Vec<LostClaim>, BackendError>> + Send;
}

/// What an exchange says besides the claims.
#[derive(Debug, Default)]
pub struct Exchanged {
    /// The ends that were dropped because their fence did not hold any more.
    pub lost: Vec<LostClaim>,
    /// When the next job becomes ready by itself, seen from now.
    pub next_due: Option<Duration>,
    /// Whether more jobs are ready than were claimed.
    pub more: bool,
    /// Whether jobs wait for a retry or a delayed start; told when jobs were wanted and none were there.
    pub waiting: bool,
}
