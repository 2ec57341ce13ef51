//! One thread of a worker: claims jobs, runs them, records their ends, over and over.
//!
//! Jobs that are over quickly are claimed and recorded many at a time; how many is found out by watching the clock.
//! What a lane has claimed and not begun, another may take; what it has to record, the [`monitor`](super::monitor)
//! sends when the lane is held up.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smallvec::smallvec;

use super::attempt::{Desk, Job, Ran};
use super::shared::Shared;
use crate::backend::{Backend, Claim, Claimed, ClaimedProcess, Exchanged, Finished, JobEnd};
use crate::words::blocking;
use crate::words::clock::{Clock, Moment};

/// The most jobs that are claimed at a time.
const LARGEST_CHUNK: usize = 256;

/// Jobs that take less than this, one with another, are claimed in larger chunks.
const QUICK: Duration = Duration::from_micros(20);

/// A claim that takes longer than this counts as one that takes this long: others wait for the jobs, too.
const LARGEST_COST: Duration = Duration::from_millis(5);

/// An end of an attempt is kept back no longer than this, or than recording it takes.
const LONGEST_DELAY: Duration = Duration::from_micros(100);

/// While chunks are larger than this, the clock is read once for so many jobs.
const CLOCK_EVERY: usize = 8;

/// While chunks are larger than that, a lane within one program listens for more so long before it falls asleep.
const LISTENS: Duration = Duration::from_micros(50);

/// A spare lane that finds nothing to do for so many sleeps ends.
const IDLE_SLEEPS: u32 = 5;

/// One thread of a worker, as the others see it.
pub(super) struct Lane {
    state: Mutex<LaneState>,
    is_spare: bool,
}

#[derive(Default)]
struct LaneState {
    /// What is claimed and not begun; the last is the next.
    claimed: Vec<Claimed>,
    finished: Vec<Finished>,
    unsent: usize,
    unsent_since: Moment,
    /// The process of the running job.
    process: Option<Arc<ClaimedProcess>>,
    /// It has been looked whether something is better than the next job.
    has_looked: bool,
    running: Option<Running>,
}

/// The job that a lane is running.
#[derive(Clone, Copy)]
struct Running {
    node: u32,
    attempt: u32,
    failed: u32,
    undecoded: u32,
    nonce: u32,
    since: Moment,
    expires: Option<Moment>,
    /// It took too long and was recorded as such; its own end does not count any more.
    is_given_up: bool,
}

/// What the monitor sees of a lane.
pub(super) struct Look {
    pub(super) is_running: bool,
    pub(super) is_stuck: bool,
    pub(super) queued: usize,
    /// What a stuck lane has not recorded yet.
    pub(super) unsent: Vec<Finished>,
    /// A job that has taken too long.
    pub(super) overdue: Option<(Arc<ClaimedProcess>, Claim)>,
}

/// What a lane does next.
enum Next {
    /// A job; of the same process as before, unless another is given.
    Job(Claim, Option<Arc<ClaimedProcess>>),
    /// A job of lower priority than the one before. Something better may have been let go meanwhile (`R6`).
    Lower,
    /// Nothing is left.
    Nothing,
}

impl Lane {
    pub(super) fn new(is_spare: bool) -> Self {
        Self { state: Mutex::default(), is_spare }
    }

    /// Whether two references are of the same lane.
    pub(super) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }

    fn state(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of the thread.
    pub(super) fn run<B: Backend>(&self, shared: &Arc<Shared<B>>) {
        let _entered = shared.runtime.enter();
        let mut work = Work {
            lane: self,
            shared,
            desk: Desk::default(),
            process: None,
            due: Vec::new(),
            claimed: Vec::new(),
            present: Moment::default(),
            turns: 0,
            chunk: 1,
            cost: Duration::ZERO,
            begun: Moment::default(),
            taken: 0,
            idle: 0,
        };
        while work.take_place() {
            work.work();
        }
        shared.remove_lane(self);
    }

    /// Keeps the end of the job before, and takes the next one. What was just `claimed`, if anything, is taken over: it
    /// is asked for when nothing is left. What is to be recorded now goes to `due`, which is empty; nothing is kept back
    /// longer than `delay`.
    fn turn(
        &self,
        end: Option<JobEnd>,
        now: Moment,
        delay: Duration,
        is_stopping: bool,
        claimed: &mut Vec<Claimed>,
        due: &mut Vec<Finished>,
    ) -> Next {
        let mut state = self.state();
        if !claimed.is_empty() {
            std::mem::swap(&mut state.claimed, claimed);
        }
        let running = state.running.take();
        let has_failed = end.as_ref().is_some_and(JobEnd::has_failed);
        let end = end.filter(|_| running.is_some_and(|running| !running.is_given_up));
        // What a worker that stops has not begun is given back (`R18`).
        let (next, before) = if is_stopping { (Next::Nothing, None) } else { state.next() };
        if let Some(end) = end {
            state.keep(end, before, now);
        }
        let Next::Job(claim, process) = next else {
            state.swap_finished(due);
            return next;
        };
        let Claim { node, attempt, failed, undecoded, nonce, .. } = claim;
        state.running = Some(Running {
            node,
            attempt,
            failed,
            undecoded,
            nonce,
            since: now,
            expires: None,
            is_given_up: false,
        });
        // A failure may stop the process, so that the next job need not begin (`R12`).
        let is_due = has_failed
            || state.unsent >= LARGEST_CHUNK
            || (state.unsent > 0 && now.since(state.unsent_since) > delay);
        if is_due {
            state.swap_finished(due);
        }
        Next::Job(claim, process)
    }

    /// Adds claims to what is not begun: those that are better than all of it go first, others last.
    fn add(&self, claimed: &mut Vec<Claimed>) {
        let mut state = self.state();
        for group in claimed.drain(..) {
            let next = state.claimed.last().map(|next| next.process.plan.priority());
            let is_better = next.is_none_or(|next| group.process.plan.priority() > next);
            let at = if is_better { state.claimed.len() } else { 0 };
            state.claimed.insert(at, group);
        }
    }

    /// The running job goes on elsewhere; whatever is to be recorded is handed out.
    fn hand_over(&self, due: &mut Vec<Finished>) {
        let mut state = self.state();
        state.running = None;
        state.swap_finished(due);
    }

    /// The running job must be over by then.
    pub(super) fn expire_at(&self, moment: Moment) {
        if let Some(running) = &mut self.state().running {
            running.expires = Some(moment);
        }
    }

    /// Whether the running job, which is over now, was not given up before.
    pub(super) fn is_in_time(&self) -> bool {
        match &mut self.state().running {
            Some(running) => {
                running.expires = None;
                !running.is_given_up
            }
            None => false,
        }
    }

    /// Half of what this lane has claimed and not begun, the later half.
    fn give_half(&self) -> Option<Claimed> {
        let mut state = self.state();
        let group = state.claimed.first_mut()?;
        let half = group.jobs.len().div_ceil(2);
        let jobs = group.jobs.drain(..half).collect();
        let process = Arc::clone(&group.process);
        if group.jobs.is_empty() {
            state.claimed.remove(0);
        }
        Some(Claimed { process, jobs })
    }

    /// What the monitor sees; of a lane that is held up it takes what is to be recorded.
    pub(super) fn look(&self, now: Moment, stuck: Duration) -> Look {
        let mut state = self.state();
        let is_stuck = state.running.as_ref().is_some_and(|running| now.since(running.since) >= stuck);
        let process = state.process.clone();
        let overdue = match &mut state.running {
            Some(running)
                if !running.is_given_up && running.expires.is_some_and(|expires| now >= expires) =>
            {
                running.is_given_up = true;
                let Running { node, attempt, failed, undecoded, nonce, .. } = *running;
                let claim = Claim { node, attempt, failed, undecoded, nonce, event: None };
                process.map(|process| (process, claim))
            }
            _ => None,
        };
        Look {
            is_running: state.running.is_some(),
            is_stuck,
            queued: state.claimed.iter().map(|group| group.jobs.len()).sum(),
            unsent: {
                let mut unsent = Vec::new();
                if is_stuck {
                    state.swap_finished(&mut unsent);
                }
                unsent
            },
            overdue,
        }
    }
}

impl LaneState {
    /// Keeps an end, to be recorded together with others. It is of the process of the job at hand, unless that is of
    /// another than the job `before`.
    fn keep(&mut self, end: JobEnd, before: Option<Arc<ClaimedProcess>>, now: Moment) {
        let Some(process) = before.as_ref().or(self.process.as_ref()) else { return };
        if self.unsent == 0 {
            self.unsent_since = now;
        }
        self.unsent += 1;
        if let Some(group) = self.finished.last_mut().filter(|group| Arc::ptr_eq(&group.process, process)) {
            group.jobs.push(end);
        } else if let Some(process) = before.or_else(|| self.process.clone()) {
            self.finished.push(Finished { process, jobs: smallvec![end] });
        }
    }

    fn swap_finished(&mut self, empty: &mut Vec<Finished>) {
        self.unsent = 0;
        std::mem::swap(&mut self.finished, empty);
    }

    /// The next job, and the process of the one before, if that is another. Nothing is counted up or down that is only
    /// passed on: many a job is alone in its process, and takes no longer than a few such counts.
    fn next(&mut self) -> (Next, Option<Arc<ClaimedProcess>>) {
        while let Some(mut group) = self.claimed.pop() {
            let is_same = self.process.as_ref().is_some_and(|process| Arc::ptr_eq(process, &group.process));
            let priority = |process: &Arc<ClaimedProcess>| process.plan.priority();
            let is_lower = !is_same
                && self.process.as_ref().is_some_and(|last| priority(&group.process) < priority(last));
            if is_lower && !std::mem::replace(&mut self.has_looked, true) {
                self.claimed.push(group);
                return (Next::Lower, None);
            }
            self.has_looked = false;
            let Some(claim) = group.jobs.pop() else { continue };
            if is_same {
                self.claimed.extend((!group.jobs.is_empty()).then_some(group));
                return (Next::Job(claim, None), None);
            }
            let process = if group.jobs.is_empty() {
                group.process
            } else {
                let process = Arc::clone(&group.process);
                self.claimed.push(group);
                process
            };
            let before = self.process.replace(Arc::clone(&process));
            return (Next::Job(claim, Some(process)), before);
        }
        (Next::Nothing, None)
    }
}

/// A lane at work: what only its own thread needs.
struct Work<'a, B> {
    lane: &'a Lane,
    shared: &'a Arc<Shared<B>>,
    desk: Desk,
    /// The process of the job at hand.
    process: Option<Arc<ClaimedProcess>>,
    /// What is to be recorded now, and what was just claimed: empty in between, and kept for their memory.
    due: Vec<Finished>,
    claimed: Vec<Claimed>,
    present: Moment,
    turns: usize,
    /// How many jobs to claim next.
    chunk: usize,
    /// How long the last claim took.
    cost: Duration,
    begun: Moment,
    taken: usize,
    /// How often it has slept since it last had work.
    idle: u32,
}

impl<B: Backend> Work<'_, B> {
    /// Waits for a place among the jobs that run at the same time; false when the lane is to end.
    fn take_place(&mut self) -> bool {
        loop {
            if self.shared.is_stopping() || (self.lane.is_spare && self.idle >= IDLE_SLEEPS) {
                return false;
            }
            if self.shared.begin() {
                return true;
            }
            // There is no room. Whoever gives a place back from here on rings.
            self.shared.crowded.fetch_add(1, Ordering::SeqCst);
            let has_place = self.shared.begin();
            if !has_place {
                // Still somebody has to look after what is due (`R15`).
                let exchanged = self.exchange(0);
                self.shared.bell.wait(self.shared.until_look(&exchanged));
            }
            self.shared.crowded.fetch_sub(1, Ordering::SeqCst);
            if has_place {
                return true;
            }
        }
    }

    /// Works until there is nothing to do, or the place is lost to an attempt that waits for something; returns
    /// without a place.
    fn work(&mut self) {
        let mut end = None;
        self.present = self.shared.clock.now();
        loop {
            let now = self.present;
            let delay = self.cost.max(LONGEST_DELAY);
            let is_stopping = self.shared.is_stopping();
            let (claimed, due) = (&mut self.claimed, &mut self.due);
            let (claim, other) = match self.lane.turn(end.take(), now, delay, is_stopping, claimed, due) {
                Next::Job(claim, other) => (claim, other),
                Next::Lower => {
                    self.exchange(1);
                    self.lane.add(&mut self.claimed);
                    continue;
                }
                Next::Nothing if self.refill(now) => continue,
                Next::Nothing => return,
            };
            if !self.due.is_empty() {
                self.exchange(0);
            }
            if other.is_some() {
                self.process = other;
            }
            let Some(process) = &self.process else { continue };
            self.shared.monitor.watch();
            match self.desk.run(Job { shared: self.shared, process, claim: &claim }, self.lane) {
                Ran::Ended(ended) => {
                    end = Some(ended);
                    self.look_at_clock();
                }
                Ran::Suspended => {
                    // The place goes with the suspended attempt; this lane needs another.
                    self.lane.hand_over(&mut self.due);
                    self.exchange(0);
                    if !self.shared.begin() {
                        return;
                    }
                    self.present = self.shared.clock.now();
                }
            }
        }
    }

    /// A job is over. While jobs are quick the clock is read for some of them only: reading it takes as long as a good
    /// part of a job.
    fn look_at_clock(&mut self) {
        self.turns = self.turns.wrapping_add(1);
        if self.chunk <= CLOCK_EVERY || self.turns.is_multiple_of(CLOCK_EVERY) {
            self.present = self.shared.clock.now();
        }
    }

    /// Gets more to do; false when there is nothing, after giving the place back and sleeping.
    fn refill(&mut self, now: Moment) -> bool {
        self.measure(now);
        if self.shared.is_stopping() {
            self.exchange(0);
            self.shared.finish();
            return false;
        }
        if self.shared.monitor.asks_for_help() {
            self.exchange(0);
            if self.steal(now) {
                return true;
            }
        }
        if self.claim(now).is_none() || self.steal(now) {
            return true;
        }
        self.shared.bell.lie_down();
        match self.claim(now) {
            None => {
                self.shared.bell.stay_awake();
                true
            }
            Some(exchanged) => {
                self.shared.finish();
                self.idle += 1;
                if self.chunk > CLOCK_EVERY && !self.shared.has_others {
                    self.shared.bell.listen(LISTENS);
                }
                self.shared.bell.sleep(self.shared.until_look(&exchanged));
                false
            }
        }
    }

    /// Claims a chunk; nothing when it got some, else what the exchange said.
    fn claim(&mut self, now: Moment) -> Option<Exchanged> {
        let recorded = self.shared.recorded.load(Ordering::SeqCst);
        let exchanged = self.exchange(self.chunk);
        self.taken = self.claimed.iter().map(|group| group.jobs.len()).sum();
        if self.taken == 0 {
            self.shared.saw_nothing(now, recorded, &exchanged);
            return Some(exchanged);
        }
        self.idle = 0;
        self.cost = self.present.since(now).min(LARGEST_COST);
        self.begun = self.present;
        // The first group is the next to run, and the stack's last.
        self.claimed.reverse();
        None
    }

    /// Takes over half of what another lane has claimed.
    fn steal(&mut self, now: Moment) -> bool {
        let lanes = self.shared.lanes();
        let mut others = lanes.iter().filter(|other| !other.is(self.lane));
        let Some(stolen) = others.find_map(|other| other.give_half()) else {
            return false;
        };
        self.taken = stolen.jobs.len();
        self.begun = now;
        self.lane.state().claimed.push(stolen);
        true
    }

    /// Adapts the chunk to how long the last one took.
    fn measure(&mut self, now: Moment) {
        if self.taken == 0 {
            return;
        }
        // Where a claim goes to a server, it is worth as much work as it takes time.
        let quick = QUICK.saturating_mul(u32::try_from(self.taken).unwrap_or(u32::MAX)).max(self.cost);
        let took = now.since(self.begun).as_nanos().max(1);
        let worth = usize::try_from(self.taken as u128 * quick.as_nanos() / took).unwrap_or(LARGEST_CHUNK);
        self.chunk = worth.clamp(1, self.chunk * 2).min(LARGEST_CHUNK);
        self.taken = 0;
    }

    /// Records what is due, and claims. Where that goes to a store, or is much, it takes its time.
    fn exchange(&mut self, wanted: usize) -> Exchanged {
        let exchanged = blocking::block_on(self.shared.exchange(&mut self.due, wanted, &mut self.claimed));
        if self.shared.has_others || self.chunk > CLOCK_EVERY {
            self.present = self.shared.clock.now();
        }
        exchanged
    }
}
