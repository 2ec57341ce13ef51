//! [`Worker`]: settings, start and shutdown.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle as RuntimeHandle;
use tokio::sync::Notify;

use super::lane::Lane;
use super::monitor::Monitor;
use crate::backend::{Backend, Bell, Claimed, Exchanged, Finished, WorkerId};
use crate::definition::context::{Level, Signal};
use crate::words::clock::SystemClock;
use crate::words::policy::Policy;

/// How many jobs a worker runs at the same time, unless told otherwise.
const DEFAULT_CONCURRENCY: usize = 256;

/// How long running jobs may take to end at a shutdown, unless told otherwise (`R18`).
const DEFAULT_GRACE: Duration = Duration::from_secs(30);

/// How long to wait before a backend that has failed is asked again.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(500);

/// Runs the jobs of a backend: its settings, before the [`start`](Self::start).
///
/// Plain functions run on threads of the worker, which may block; async functions run on tokio. A worker that is
/// started outside a tokio runtime brings one along.
#[derive(Debug)]
#[must_use = "a worker does nothing until it is started"]
pub struct Worker<B> {
    backend: B,
    concurrency: usize,
    policy: Policy,
    grace: Duration,
}

/// Why a worker could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The operating system gave no thread.
    #[error("no thread could be started: {0}")]
    Thread(#[source] std::io::Error),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] crate::backend::BackendError),
}

impl<B: Backend> Worker<B> {
    /// A worker for this backend.
    pub fn new(backend: B) -> Self {
        Self { backend, concurrency: DEFAULT_CONCURRENCY, policy: Policy::new(), grace: DEFAULT_GRACE }
    }

    /// How many jobs run at the same time, at least one. Default: 256. Threads are started as they are needed.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = jobs.max(1);
        self
    }

    /// Retries, backoff and timeout for tasks that ask for none, and whose processes ask for none (`R9`).
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// How long running jobs may take to end at a shutdown, before they are signalled and given back (`R18`).
    /// Default: 30 s.
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }

    /// Starts the worker.
    pub fn start(self) -> Result<RunningWorker<B>, WorkerError> {
        let (runtime, own_runtime) = match RuntimeHandle::try_current() {
            Ok(handle) => (handle, None),
            Err(_) => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                let own = builder.worker_threads(1).enable_all().build().map_err(WorkerError::Thread)?;
                (own.handle().clone(), Some(own))
            }
        };
        let shared = Arc::new(Shared {
            id: WorkerId::random(),
            backend: self.backend,
            runtime,
            bell: Arc::new(Bell::default()),
            policy: self.policy,
            concurrency: self.concurrency,
            active: AtomicUsize::new(0),
            idle: Notify::new(),
            stopping: AtomicBool::new(false),
            signal: Arc::new(Signal::default()),
            clock: SystemClock::default(),
            lanes: Mutex::default(),
            monitor: Monitor::default(),
        });
        // From here on an early return drops this, and thereby stops what has been started.
        let running =
            RunningWorker { shared: Arc::clone(&shared), grace: self.grace, own_runtime, has_left: false };
        shared.block_on(shared.backend.listen(shared.id, Arc::clone(&shared.bell)))?;
        Monitor::start(&shared).map_err(WorkerError::Thread)?;
        let lanes = std::thread::available_parallelism().map_or(1, usize::from).min(shared.concurrency);
        for _ in 0..lanes {
            shared.add_lane(false).map_err(WorkerError::Thread)?;
        }
        Ok(running)
    }
}

/// What all threads of a worker share.
pub(super) struct Shared<B> {
    pub(super) id: WorkerId,
    pub(super) backend: B,
    pub(super) runtime: RuntimeHandle,
    pub(super) bell: Arc<Bell>,
    pub(super) policy: Policy,
    pub(super) concurrency: usize,
    /// How many jobs are under way: lanes that are not idle, and suspended attempts.
    active: AtomicUsize,
    /// Told when `active` falls to zero while the worker stops.
    idle: Notify,
    stopping: AtomicBool,
    /// Raised when running attempts are to be given up.
    pub(super) signal: Arc<Signal>,
    pub(super) clock: SystemClock,
    pub(super) lanes: Mutex<Vec<Arc<Lane>>>,
    pub(super) monitor: Monitor,
}

impl<B: Backend> Shared<B> {
    /// Takes one of the places for jobs that run at the same time.
    pub(super) fn begin(&self) -> bool {
        self.active
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |active| {
                (active < self.concurrency).then_some(active + 1)
            })
            .is_ok()
    }

    /// Takes a place beyond the limit, for what has to be recorded at once.
    pub(super) fn begin_extra(&self) {
        self.active.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether there is, or may be, something to watch over.
    pub(super) fn needs_monitor(&self) -> bool {
        !self.is_stopping() || (self.signal.level() == Level::Run && self.active.load(Ordering::SeqCst) > 0)
    }

    /// Gives a place back.
    pub(super) fn finish(&self) {
        let before = self.active.fetch_sub(1, Ordering::SeqCst);
        if before == 1 && self.is_stopping() {
            self.idle.notify_waiters();
        } else if before >= self.concurrency {
            self.bell.ring();
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Starts one more thread; a spare one goes when it is not needed any more.
    pub(super) fn add_lane(self: &Arc<Self>, is_spare: bool) -> std::io::Result<()> {
        let lane = Arc::new(Lane::new(is_spare));
        let shared = Arc::clone(self);
        let own = Arc::clone(&lane);
        // The thread ends by itself when the worker stops; nobody joins it, for a task may block it for good.
        std::thread::Builder::new()
            .name("tasktronaut-lane".into())
            .spawn(move || own.run(&shared))
            .map(drop)?;
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
        Ok(())
    }

    pub(super) fn remove_lane(&self, lane: &Lane) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|other| !other.is(lane));
    }

    pub(super) fn lanes(&self) -> Vec<Arc<Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs a backend's operation to its end, from a thread that may block. Most are ready at once.
    pub(super) fn block_on<T>(&self, operation: impl Future<Output = T>) -> T {
        let mut operation = std::pin::pin!(operation);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match operation.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => output,
            std::task::Poll::Pending => self.runtime.block_on(operation),
        }
    }

    /// Exchanges with the backend. Where that fails, the ends are kept and sent again.
    pub(super) async fn exchange(
        &self,
        finished: &mut Vec<Finished>,
        wanted: usize,
        claimed: &mut Vec<Claimed>,
    ) -> Exchanged {
        loop {
            match self.backend.exchange(self.id, finished, wanted, claimed).await {
                Ok(exchanged) => {
                    if exchanged.lost > 0 {
                        tracing::warn!(worker = %self.id, lost = exchanged.lost, "results came after their lease was lost");
                    }
                    return exchanged;
                }
                Err(error) if self.signal.level() == Level::Run => {
                    tracing::error!(worker = %self.id, %error, "the backend does not answer; trying again");
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                }
                Err(error) => {
                    tracing::error!(worker = %self.id, %error, "the backend does not answer; giving up");
                    return Exchanged::default();
                }
            }
        }
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.bell.ring_all();
        self.monitor.wake();
    }

    async fn until_idle(&self) {
        loop {
            let idle = self.idle.notified();
            if self.active.load(Ordering::SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// A worker at work. Dropping it stops it at once; [`shutdown`](Self::shutdown) lets running jobs end.
#[must_use = "a worker stops when it is dropped"]
pub struct RunningWorker<B: Backend> {
    shared: Arc<Shared<B>>,
    grace: Duration,
    own_runtime: Option<tokio::runtime::Runtime>,
    has_left: bool,
}

impl<B: Backend> RunningWorker<B> {
    /// Ends the worker in good order: it claims nothing more, waits for what runs, and after the
    /// [`grace`](Worker::grace) signals it and gives its jobs back (`R18`).
    pub async fn shutdown(mut self) {
        self.shared.stop();
        let grace = {
            // The caller's own executor need not be tokio.
            let _entered = self.shared.runtime.enter();
            tokio::time::timeout(self.grace, self.shared.until_idle())
        };
        if grace.await.is_err() {
            tracing::warn!(worker = %self.shared.id, "jobs still run at the end of the grace; they are given back");
        }
        self.shared.signal.raise(Level::Drop);
        self.has_left = true;
        if let Err(error) = self.shared.backend.leave(self.shared.id).await {
            tracing::error!(worker = %self.shared.id, %error, "the worker could not give its jobs back");
        }
        if let Some(runtime) = self.own_runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// The identity of this start.
    pub fn id(&self) -> WorkerId {
        self.shared.id
    }
}

impl<B: Backend> Drop for RunningWorker<B> {
    fn drop(&mut self) {
        self.shared.stop();
        self.shared.signal.raise(Level::Drop);
        if !self.has_left {
            // A backend that answers at once takes the jobs back now; in another one their leases run out.
            let leave = std::pin::pin!(self.shared.backend.leave(self.shared.id));
            let _ = leave.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        }
        if let Some(runtime) = self.own_runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl<B: Backend> fmt::Debug for RunningWorker<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningWorker").field("id", &self.shared.id).finish_non_exhaustive()
    }
}
