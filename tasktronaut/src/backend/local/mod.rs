//! The in-process backend: the readable specification of every operation.
//!
//! - [`store`]: all processes, the ready queue, the timers, and the operations of the trait.
//! - [`lines`]: the ready jobs, by queue and priority.
//! - [`run`]: one process: its state, those who wait for it and those who watch it.
//! - [`admin`]: what is done to processes from outside, besides cancelling them.
//!
//! What a success, a failure or a cancellation does to a process is a rule of the plan, in `plan::run`.

mod admin;
mod lines;
mod run;
mod slots;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use self::store::Store;
use super::record::{
    CancelAnswer, Claimed, Enqueued, Events, Finished, LostClaim, Membership, ProcessFilter, ProcessPage,
    ProcessStatus, Pulse, WorkerId,
};
use super::{Backend, BackendError, Capability, EnqueueError, Exchanged};
use crate::plan::{Outcome, Plan};
use crate::words::clock::{Clock, SystemClock};

/// So often the store is looked at while somebody else holds it, some 50 µs long: a chunk of jobs is exchanged in less
/// than it takes to fall asleep and be woken.
const LOOKS: u32 = 1000;

/// Keeps processes in the memory of this program.
///
/// Nothing survives the end of the program. A clone is another handle on the same processes. Work is done by a
/// [`Worker`](crate::Worker):
///
/// ```
/// # use tasktronaut::prelude::*;
/// # #[derive(Default)]
/// # struct Greeting;
/// # #[process]
/// # impl Greeting {
/// #     fn define_process() { process! { seq { say_hello; } } }
/// #     #[task]
/// #     fn say_hello(&self) {}
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let backend = LocalBackend::new();
/// let worker = Worker::new(backend.clone()).start()?;
///
/// let handle = Greeting::process().build()?.enqueue(&backend).await?;
/// handle.wait().await?;
///
/// worker.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LocalBackend {
    store: Arc<Mutex<Store>>,
    clock: Arc<dyn Clock>,
}

/// How an in-process backend keeps what has ended, and where it reads the time from.
///
/// ```
/// use std::time::Duration;
/// use tasktronaut::LocalBackend;
/// use tasktronaut::backend::LocalOptions;
///
/// let options = LocalOptions::default().keep_ended(Duration::from_secs(60)).keep_at_most(1000);
/// let backend = LocalBackend::with(options);
/// ```
pub struct LocalOptions {
    keep_ended: Duration,
    keep_at_most: usize,
    clock: Arc<dyn Clock>,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            keep_ended: Duration::from_hours(1),
            keep_at_most: 100_000,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl LocalOptions {
    /// How long a process can still be looked at after it has ended, and its identifier is remembered (`R20`).
    /// Default: one hour.
    #[must_use]
    pub fn keep_ended(mut self, time: Duration) -> Self {
        self.keep_ended = time;
        self
    }

    /// How many processes that have ended are kept at most; the oldest go first. Default: 100,000.
    #[must_use]
    pub fn keep_at_most(mut self, processes: usize) -> Self {
        self.keep_at_most = processes;
        self
    }

    /// The clock that due times and timeouts of processes are measured with.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl fmt::Debug for LocalOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalOptions")
            .field("keep_ended", &self.keep_ended)
            .field("keep_at_most", &self.keep_at_most)
            .finish_non_exhaustive()
    }
}

impl Default for LocalBackend {
    fn default() -> Self {
        Self::with(LocalOptions::default())
    }
}

impl LocalBackend {
    /// A backend without processes.
    pub fn new() -> Self {
        Self::default()
    }

    /// A backend with these options.
    pub fn with(options: LocalOptions) -> Self {
        let store = Store::new(options.keep_ended, options.keep_at_most);
        Self { store: Arc::new(Mutex::new(store)), clock: options.clock }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        for _ in 0..LOOKS {
            if let Ok(store) = self.store.try_lock() {
                return store;
            }
            std::hint::spin_loop();
        }
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LocalBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalBackend").finish_non_exhaustive()
    }
}

impl Backend for LocalBackend {
    fn capability(&self) -> Capability {
        Capability::MEMORY
    }

    async fn enqueue(&self, plans: Vec<Arc<Plan>>) -> Vec<Result<Enqueued, EnqueueError>> {
        let (mut store, now) = (self.store(), self.clock.now());
        plans.iter().map(|plan| store.enqueue(plan, now)).collect()
    }

    async fn cancel(&self, identifier: &str, reason: &str) -> Result<CancelAnswer, BackendError> {
        self.store().cancel(identifier, reason, self.clock.now())
    }

    async fn retry_failed(&self, identifier: &str) -> Result<(), BackendError> {
        self.store().retry_failed(identifier, self.clock.now())
    }

    async fn pause(&self, identifier: &str, paused: bool) -> Result<(), BackendError> {
        self.store().pause(identifier, paused)
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        self.store().pause_queue(queue, paused);
        Ok(())
    }

    async fn delete(&self, identifier: &str) -> Result<(), BackendError> {
        self.store().delete(identifier)
    }

    async fn plan(&self, identifier: &str) -> Result<Arc<Plan>, BackendError> {
        self.store().plan(identifier)
    }

    async fn status(&self, identifier: &str) -> Result<ProcessStatus, BackendError> {
        self.store().status(identifier)
    }

    async fn list(&self, filter: &ProcessFilter) -> Result<ProcessPage, BackendError> {
        Ok(self.store().list(filter))
    }

    async fn outcome(&self, identifier: &str) -> Result<Outcome, BackendError> {
        let (told, wait) = oneshot::channel();
        self.store().wait(identifier, told)?;
        wait.await.map_err(|_| BackendError::Closed)
    }

    async fn watch(&self, identifier: &str) -> Result<Events, BackendError> {
        self.store().watch(identifier)
    }

    async fn join(&self, worker: WorkerId, membership: Membership) -> Result<(), BackendError> {
        self.store().join(worker, membership);
        Ok(())
    }

    async fn exchange(
        &self,
        worker: WorkerId,
        finished: &mut Vec<Finished>,
        wanted: usize,
        claimed: &mut Vec<Claimed>,
    ) -> Result<Exchanged, BackendError> {
        Ok(self.store().exchange(worker, finished, wanted, claimed, &*self.clock))
    }

    /// Nothing: within one program no worker dies alone, and tasks are signalled at once.
    async fn beat(&self, _: WorkerId, _: bool) -> Result<Pulse, BackendError> {
        Ok(Pulse::default())
    }

    async fn leave(&self, worker: WorkerId) -> Result<Vec<LostClaim>, BackendError> {
        self.store().leave(worker);
        Ok(Vec::new())
    }
}
