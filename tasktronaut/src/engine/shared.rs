//! What all threads of a worker share.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle as RuntimeHandle;
use tokio::sync::Notify;

use super::lane::Lane;
use super::monitor::Monitor;
use super::observer::{Attempt, Observer, Sent};
use crate::backend::{Backend, Bell, Claimed, Exchanged, Finished, Membership, WorkerId};
use crate::definition::context::{Level, Signal};
use crate::words::clock::{Clock, Moment, SystemClock};
use crate::words::policy::Policy;

/// How long to wait before a backend that has failed is asked again.
pub(super) const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(500);

/// How long an idle worker sleeps at most before it looks for work by itself (`R22`).
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// So much later at most a worker looks for what is due, while that may be what it has put back itself.
const COURTESY: Duration = Duration::from_nanos(COURTESY_NANOS);
const COURTESY_NANOS: u64 = 100_000_000;

/// What all threads of a worker share.
pub(super) struct Shared<B> {
    pub(super) id: WorkerId,
    pub(super) backend: B,
    pub(super) membership: Membership,
    pub(super) runtime: RuntimeHandle,
    pub(super) bell: Arc<Bell>,
    pub(super) policy: Policy,
    pub(super) concurrency: usize,
    pub(super) put_backs: u32,
    /// Whether other programs may work on the same processes.
    pub(super) has_others: bool,
    pub(super) observer: Option<Arc<dyn Observer>>,
    /// How many jobs are under way: lanes that are not idle, and suspended attempts.
    pub(super) active: AtomicUsize,
    /// How many lanes wait for a place.
    pub(super) crowded: AtomicUsize,
    /// Told when `active` falls to zero.
    pub(super) idle: Notify,
    pub(super) stopping: AtomicBool,
    /// Raised when running attempts are to be given up.
    pub(super) signal: Arc<Signal>,
    pub(super) clock: SystemClock,
    pub(super) lanes: Mutex<Vec<Arc<Lane>>>,
    /// How many exchanges have recorded something.
    pub(super) recorded: AtomicUsize,
    /// When a lane last asked in vain for jobs that are there or will be.
    pub(super) nothing_since: Mutex<Option<Moment>>,
    /// Until then this worker gives way to others, a [`Moment`].
    pub(super) gives_way_until: AtomicU64,
    pub(super) monitor: Monitor,
}

impl<B> Shared<B> {
    /// Something was put back here for a while, so that somebody else may have it (`R17`). All who wait for that would
    /// wake in the same moment, and the same one would be the first each time: for as long this one comes by chance.
    pub(super) fn give_way(&self, after: Duration) {
        let until = self.clock.now().after(after + 2 * COURTESY);
        self.gives_way_until.fetch_max(until.0, Ordering::Relaxed);
    }

    /// How long an idle thread need not look for work.
    pub(super) fn until_look(&self, exchanged: &Exchanged) -> Duration {
        let Some(due) = exchanged.next_due.filter(|due| *due < LONGEST_SLEEP) else { return LONGEST_SLEEP };
        let now = self.clock.now();
        let gives_way = now.0 < self.gives_way_until.load(Ordering::Relaxed);
        if gives_way { due + Duration::from_nanos(now.0 % COURTESY_NANOS) } else { due }
    }
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
        if before == 1 {
            self.idle.notify_waiters();
        }
        if before >= self.concurrency && self.crowded.load(Ordering::SeqCst) > 0 {
            self.bell.ring();
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Starts the threads that run jobs: one for each core, to begin with.
    pub(super) fn start_lanes(self: &Arc<Self>) -> std::io::Result<()> {
        let lanes = std::thread::available_parallelism().map_or(1, usize::from).min(self.concurrency);
        for _ in 0..lanes {
            self.add_lane(false)?;
        }
        Ok(())
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

    /// Exchanges with the backend. Where that fails, the ends are kept and sent again.
    pub(super) async fn exchange(
        &self,
        finished: &mut Vec<Finished>,
        wanted: usize,
        claimed: &mut Vec<Claimed>,
    ) -> Exchanged {
        let observer = self.observer.as_deref();
        let has_ends = !finished.is_empty();
        let sent = observer.map(|observer| Sent::new(observer, finished));
        loop {
            match self.backend.exchange(self.id, finished, wanted, claimed).await {
                Ok(exchanged) => {
                    self.recorded.fetch_add(usize::from(has_ends), Ordering::SeqCst);
                    if let (Some(observer), Some(sent)) = (observer, sent) {
                        sent.answered(observer, &exchanged.lost);
                        tell_of_claims(observer, claimed, sent.asked());
                    }
                    if !exchanged.lost.is_empty() {
                        let lost = exchanged.lost.len();
                        tracing::warn!(worker = %self.id, lost, "results came after their lease was lost");
                    }
                    return exchanged;
                }
                Err(error) if self.signal.level() == Level::Run => {
                    tracing::error!(worker = %self.id, %error, "the backend does not answer; trying again");
                    if let Some(observer) = observer {
                        observer.failed("exchange", &error);
                    }
                    if finished.is_empty() {
                        // Nothing is lost by looking again later.
                        tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                        return Exchanged::default();
                    }
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                }
                Err(error) => {
                    tracing::error!(worker = %self.id, %error, "the backend does not answer; giving up");
                    return Exchanged::default();
                }
            }
        }
    }

    /// Notes that a lane has asked for jobs and got none. Unless some wait for their time, or something has run
    /// meanwhile that may have released others, there is nothing to do.
    pub(super) fn saw_nothing(&self, asked: Moment, recorded: usize, exchanged: &Exchanged) {
        let is_alone = self.active.load(Ordering::SeqCst) == 1;
        let is_all = is_alone && self.recorded.load(Ordering::SeqCst) == recorded;
        let mut since = self.nothing_since.lock().unwrap_or_else(PoisonError::into_inner);
        *since = (is_all && !exchanged.more && !exchanged.waiting).then_some(asked);
    }

    /// Whether a lane has found, since then, that there is nothing to do.
    pub(super) fn has_seen_nothing_since(&self, moment: Moment) -> bool {
        self.nothing_since.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|since| since >= moment)
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.bell.ring_all();
        self.monitor.wake();
        self.idle.notify_waiters();
    }

    pub(super) async fn until_idle(&self) {
        loop {
            let idle = self.idle.notified();
            if self.active.load(Ordering::SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    }
}

fn tell_of_claims(observer: &dyn Observer, claimed: &[Claimed], asked: Instant) {
    for group in claimed {
        // Last first: the worker takes them from the back.
        for claim in group.jobs.iter().rev() {
            observer.claimed(&Attempt::of_claim(&group.process, claim, asked));
        }
    }
}
