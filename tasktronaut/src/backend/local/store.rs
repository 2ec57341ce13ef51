//! All processes, the queue of ready jobs, and the timers. Whoever holds the lock sees and changes all of it at once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use smallvec::smallvec;
use tokio::sync::{mpsc, oneshot};

use super::lines::Lines;
use super::run::{Recorded, Run};
use super::slots::Slots;
use crate::backend::record::{
    CancelAnswer, Claimed, Enqueued, Event, Events, Finished, LostClaim, Membership, ProcessStatus, WorkerId,
};
use crate::backend::{BackendError, EnqueueError, Exchanged};
use crate::definition::context::Level;
use crate::definition::schedule::{DEFAULT_QUEUE, Start};
use crate::plan::run::Turn;
use crate::plan::{JobState, Outcome, Plan};
use crate::words::clock::{Clock, Moment};
use crate::words::policy::scramble;

/// The number that stands for the process itself among the timers.
const WHOLE_PROCESS: u32 = u32::MAX;

/// The store.
pub(super) struct Store {
    pub(super) runs: Slots,
    by_identifier: HashMap<Arc<str>, u64>,
    /// How many processes have been enqueued.
    enqueued: u64,
    lines: Lines,
    timers: BinaryHeap<Reverse<(Moment, u64, u32)>>,
    workers: Vec<Listener>,
    next_nonce: u64,
    pub(super) ended: VecDeque<(Moment, u64)>,
    keep_ended: Duration,
    keep_at_most: usize,
    /// Jobs that an operation has made ready; kept to be used again.
    released: Vec<u32>,
}

/// A worker that wants to hear of ready jobs.
struct Listener {
    worker: WorkerId,
    /// Nothing once it has left.
    membership: Option<Membership>,
    /// Whether it takes whatever is in the default queue, as nearly every worker does.
    takes_default: bool,
    /// Whether it takes jobs of some definitions only.
    is_choosy: bool,
}

impl Store {
    pub(super) fn new(keep_ended: Duration, keep_at_most: usize) -> Self {
        Self {
            runs: Slots::default(),
            by_identifier: HashMap::new(),
            enqueued: 0,
            lines: Lines::new(),
            timers: BinaryHeap::new(),
            workers: Vec::new(),
            next_nonce: u64::from(rand_seed()),
            ended: VecDeque::new(),
            keep_ended,
            keep_at_most,
            released: Vec::new(),
        }
    }

    /// Stores a process, unless its identifier is known (`R1`, `R2`).
    pub(super) fn enqueue(&mut self, plan: &Arc<Plan>, now: Moment) -> Result<Enqueued, EnqueueError> {
        self.forget_ended(now);
        if let Some(known) = self.by_identifier.get(&plan.identifier).and_then(|key| self.runs.get(*key)) {
            return if known.plan().same_content(plan) {
                Ok(Enqueued::Existing)
            } else {
                Err(EnqueueError::IdentifierConflict { identifier: plan.identifier.to_string() })
            };
        }
        let key = self.runs.free_key();
        self.by_identifier.insert(Arc::clone(&plan.identifier), key);
        let first = plan.scopes[0].started;
        self.enqueued += 1;
        let mut run = Run::new(key, Arc::clone(plan), self.enqueued);
        match plan.start.map(Start::pause) {
            Some(pause) if !pause.is_zero() => {
                run.turn(&mut self.released, |turn| turn.set(first, JobState::Waiting));
                self.timers.push(Reverse((now.after(pause), key, first)));
            }
            _ => {
                run.turn(&mut self.released, |turn| turn.set(first, JobState::Ready));
                self.lines.push_fresh(plan, key, first);
            }
        }
        self.runs.insert(run);
        self.limit(key, now.after(plan.start.map(Start::pause).unwrap_or_default()));
        self.ring();
        Ok(Enqueued::Created)
    }

    /// From this moment on a process has all of its time, if that is limited (`R15`).
    pub(super) fn limit(&mut self, key: u64, begin: Moment) {
        if let Some(run) = self.runs.get_mut(key)
            && let Some(timeout) = run.plan().policy.timeout
        {
            let deadline = begin.after(timeout);
            run.deadline = Some(deadline);
            self.timers.push(Reverse((deadline, key, WHOLE_PROCESS)));
        }
    }

    /// Records ends and claims jobs: see [`Backend::exchange`](crate::backend::Backend::exchange).
    pub(super) fn exchange(
        &mut self,
        worker: WorkerId,
        finished: &mut Vec<Finished>,
        wanted: usize,
        claimed: &mut Vec<Claimed>,
        clock: &dyn Clock,
    ) -> Exchanged {
        // What follows an end may be for the queue of another worker.
        let may_be_for_others = !finished.is_empty() && self.workers.len() > 1;
        let before = self.lines.only_going();
        let lost = self.record(finished, clock);
        let next_due = if self.timers.is_empty() { None } else { self.wake_due(clock.now()) };
        let more = self.claim(worker, wanted, before, claimed);
        if more || may_be_for_others && !self.lines.is_empty() {
            self.ring();
        }
        let waiting = wanted > 0 && claimed.is_empty() && self.has_waiting();
        Exchanged { lost, next_due, more, waiting }
    }

    fn record(&mut self, finished: &mut Vec<Finished>, clock: &dyn Clock) -> Vec<LostClaim> {
        let (mut lost, mut later) = (Vec::new(), false);
        for Finished { process, jobs } in finished.drain(..) {
            let Some(run) = self.runs.get_mut(process.key) else {
                lost.extend(jobs.into_iter().map(|end| end.lost(&process)));
                continue;
            };
            let had_ended = run.state.ended;
            for end in jobs {
                let (node, attempt) = (end.node, end.attempt);
                match run.end(end, &mut self.released) {
                    Recorded::Done => {}
                    Recorded::Later(pause) => {
                        let due = clock.now().after(pause);
                        self.timers.push(Reverse((due, process.key, node)));
                        later = true;
                    }
                    Recorded::Lost => {
                        lost.push(LostClaim { process: Arc::clone(&process), node, attempt });
                    }
                }
            }
            self.lines.push(&process.plan, process.key, self.released.drain(..));
            if run.state.ended && !had_ended {
                let now = clock.now();
                self.ended.push_back((now, process.key));
                self.forget_ended(now);
            }
        }
        if later {
            // Whoever sleeps does not know yet how long to.
            self.ring();
        }
        lost
    }

    /// Claims jobs; whether more are left that the worker could do. There was `before` one line of so many jobs under
    /// way, before ends were recorded.
    fn claim(
        &mut self,
        worker: WorkerId,
        wanted: usize,
        before: Option<usize>,
        claimed: &mut Vec<Claimed>,
    ) -> bool {
        if self.lines.is_empty() {
            return false;
        }
        let number = self.number_of(worker);
        let listener = &self.workers[number as usize];
        let takes_default = listener.takes_default;
        let membership =
            if listener.is_choosy || !takes_default { listener.membership.as_ref() } else { None };
        let serves = |queue: &str| match membership {
            None => takes_default && queue == DEFAULT_QUEUE || listener.serves_queue(queue),
            Some(membership) => membership.queues.iter().any(|own| own == queue),
        };
        if wanted == 0 {
            return self.lines.has_some(serves);
        }
        let fresh_first = self.lines.turn();
        let (mut left, mut passed_over) = (wanted, Vec::new());
        let nonces = &mut self.next_nonce;
        // Jobs that come many at a time are quick. Who has just worked on a process has it in the processor's cache, and
        // goes on with it; now and then the oldest are looked for.
        if wanted > 1
            && !fresh_first
            && membership.is_none()
            && takes_default
            && let Some(before) = before
        {
            for (key, node) in self.lines.take_latest(before, wanted) {
                if let Some(run) = self.runs.get_mut(key) {
                    left -= usize::from(hand_out(run, node, number, nonces, claimed));
                }
            }
        }
        while left > 0 {
            let Some((key, node)) = self.lines.pop(fresh_first, serves) else { break };
            let Some(run) = self.runs.get_mut(key) else {
                continue;
            };
            if let Some(membership) = membership {
                let plan = &run.process.plan;
                let definition = plan.definition_of(plan.nodes[node as usize].scope).name();
                if !membership.serves(definition, plan.queue_of(node)) {
                    passed_over.push((key, node));
                    continue;
                }
            }
            left -= usize::from(hand_out(run, node, number, nonces, claimed));
        }
        let more = self.lines.has_some(serves);
        for (key, node) in passed_over.into_iter().rev() {
            if let Some(run) = self.runs.get(key) {
                self.lines.put_back(&run.process.plan, key, node);
            }
        }
        for group in claimed {
            group.jobs.reverse();
        }
        more
    }

    /// Jobs whose pause is over become ready; processes whose time is over fail (`R10`, `R15`).
    ///
    /// The answer is when the next of them is due.
    fn wake_due(&mut self, now: Moment) -> Option<Duration> {
        while let Some(Reverse((due, key, node))) = self.timers.peek().copied() {
            if due > now {
                return Some(due.since(now));
            }
            self.timers.pop();
            let Some(run) = self.runs.get_mut(key) else {
                continue;
            };
            if node == WHOLE_PROCESS && run.deadline.is_none_or(|deadline| deadline > now) {
                // It was given more time since.
            } else if node == WHOLE_PROCESS {
                run.turn(&mut self.released, |turn| {
                    turn.expire();
                });
                // Its time is over: what waits for something is not waited for (`R15`).
                run.process.session.signal.raise(Level::Drop);
                self.lines.push(&run.process.plan, key, self.released.drain(..));
            } else if run.state.jobs[node as usize].state == JobState::Waiting {
                run.turn(&mut self.released, |turn| turn.set(node, JobState::Ready));
                self.lines.push(&run.process.plan, key, [node]);
            }
        }
        None
    }

    /// Whether a job waits for its time; that of a process does not count.
    fn has_waiting(&self) -> bool {
        self.timers.iter().any(|Reverse((_, key, node))| {
            let job = self.runs.get(*key).and_then(|run| run.state.jobs.get(*node as usize));
            job.is_some_and(|job| job.state == JobState::Waiting)
        })
    }

    /// Cancels a process, unless it has an outcome: compare and set (`R13`).
    pub(super) fn cancel(
        &mut self,
        identifier: &str,
        reason: &str,
        now: Moment,
    ) -> Result<CancelAnswer, BackendError> {
        let key = self.key_of(identifier)?;
        let Some(run) = self.runs.get_mut(key) else {
            return Err(unknown(identifier));
        };
        match &run.state.outcome {
            Some(Outcome::Cancelled { .. }) => {}
            Some(outcome) => return Ok(CancelAnswer::TooLate(outcome.clone())),
            None => {
                let outcome = Outcome::Cancelled { reason: reason.into() };
                run.turn(&mut self.released, |turn| turn.stop(outcome));
                if run.state.ended {
                    self.ended.push_back((now, key));
                }
            }
        }
        self.lines.push(&run.process.plan, key, self.released.drain(..));
        self.ring();
        // Only its hooks are left, and with them it ends.
        self.pause(identifier, false)?;
        Ok(CancelAnswer::Cancelled)
    }

    /// Changes a process by the rules, and lines up what becomes ready.
    pub(super) fn change(&mut self, key: u64, change: impl FnOnce(&mut Turn<'_>)) {
        if let Some(run) = self.runs.get_mut(key) {
            run.turn(&mut self.released, change);
            self.lines.push(&run.process.plan, key, self.released.drain(..));
            self.ring();
        }
    }

    /// Lines up jobs that are ready.
    pub(super) fn push(&mut self, key: u64, nodes: Vec<u32>) {
        if let Some(run) = self.runs.get(key) {
            self.lines.push(&run.process.plan, key, nodes);
            self.ring();
        }
    }

    pub(super) fn pause_queue(&mut self, queue: &str, paused: bool) {
        self.lines.pause(queue, paused);
        self.ring();
    }

    /// Takes back all jobs of a worker, without charging anything (`R18`).
    pub(super) fn leave(&mut self, worker: WorkerId) {
        let number = self.number_of(worker);
        for run in self.runs.all_mut() {
            if run.state.ended {
                continue;
            }
            for node in 0..run.state.jobs.len() {
                let job = &mut run.state.jobs[node];
                if job.state == JobState::Running && job.worker == number {
                    // The nonce changes, so that whatever the worker may still send is dropped.
                    job.nonce = !job.nonce;
                    let node = u32::try_from(node).unwrap_or(u32::MAX);
                    run.turn(&mut self.released, |turn| turn.give_back(node));
                }
            }
            self.lines.push(&run.process.plan, run.process.key, self.released.drain(..));
        }
        let listener = &mut self.workers[number as usize];
        listener.membership = None;
        self.ring();
    }

    pub(super) fn join(&mut self, worker: WorkerId, membership: Membership) {
        let number = self.number_of(worker);
        let listener = &mut self.workers[number as usize];
        listener.takes_default = membership.queues.iter().any(|queue| queue == DEFAULT_QUEUE);
        listener.is_choosy = membership.definitions.is_some();
        listener.membership = Some(membership);
    }

    /// The number of a worker. One that has not joined takes whatever is in the default queue.
    fn number_of(&mut self, worker: WorkerId) -> u32 {
        let known = self.workers.iter().position(|listener| listener.worker == worker);
        let number = known.unwrap_or_else(|| {
            let listener = Listener { worker, membership: None, takes_default: true, is_choosy: false };
            self.workers.push(listener);
            self.workers.len() - 1
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Wakes one thread of each worker that has some asleep: only the worker knows whether it has room.
    pub(super) fn ring(&self) {
        let memberships = self.workers.iter().filter_map(|listener| listener.membership.as_ref());
        memberships.map(|own| &own.bell).filter(|bell| bell.has_sleepers()).for_each(|bell| bell.ring());
    }

    pub(super) fn status(&self, identifier: &str) -> Result<ProcessStatus, BackendError> {
        let run = self.run(identifier)?;
        let nodes = 0..u32::try_from(run.state.jobs.len()).unwrap_or(u32::MAX);
        Ok(ProcessStatus {
            identifier: identifier.to_owned(),
            definition: run.plan().definition_of(0).name().into(),
            paused: run.paused,
            priority: run.plan().priority(),
            created_at: None,
            ended_at: None,
            outcome: run.state.outcome.clone(),
            ended: run.state.ended,
            jobs: nodes.filter_map(|node| run.status_of(node)).collect(),
        })
    }

    pub(super) fn wait(
        &mut self,
        identifier: &str,
        waiter: oneshot::Sender<Outcome>,
    ) -> Result<(), BackendError> {
        let key = self.key_of(identifier)?;
        self.runs.get_mut(key).ok_or_else(|| unknown(identifier))?.wait(waiter);
        Ok(())
    }

    /// Opens a feed that begins with how things stand.
    pub(super) fn watch(&mut self, identifier: &str) -> Result<Events, BackendError> {
        let key = self.key_of(identifier)?;
        let run = self.runs.get_mut(key).ok_or_else(|| unknown(identifier))?;
        let (watcher, receiver) = mpsc::unbounded_channel();
        for node in 0..u32::try_from(run.state.jobs.len()).unwrap_or(u32::MAX) {
            if run.state.jobs[node as usize].state != JobState::Blocked
                && let Some(status) = run.status_of(node)
            {
                // The receiver is in this function's own hands.
                let _ = watcher.send(Event::Job(status));
            }
        }
        match &run.state.outcome {
            Some(outcome) if run.state.ended => {
                let _ = watcher.send(Event::Ended(outcome.clone()));
            }
            _ => run.watch(watcher),
        }
        Ok(Events { receiver })
    }

    pub(super) fn key_of(&self, identifier: &str) -> Result<u64, BackendError> {
        self.by_identifier.get(identifier).copied().ok_or_else(|| unknown(identifier))
    }

    pub(super) fn run(&self, identifier: &str) -> Result<&Run, BackendError> {
        self.runs.get(self.key_of(identifier)?).ok_or_else(|| unknown(identifier))
    }

    /// `R20`: removes what has ended long enough ago, or is more than is to be kept.
    fn forget_ended(&mut self, now: Moment) {
        while let Some((ended, key)) = self.ended.front().copied() {
            if now.since(ended) <= self.keep_ended && self.ended.len() <= self.keep_at_most {
                return;
            }
            self.ended.pop_front();
            self.forget(key);
        }
    }

    pub(super) fn forget(&mut self, key: u64) {
        if let Some(run) = self.runs.remove(key) {
            self.by_identifier.remove(&run.plan().identifier);
        }
    }
}

/// Claims a job for a worker, unless it is not ready any more or its process is paused.
fn hand_out(run: &mut Run, node: u32, worker: u32, last_nonce: &mut u64, claimed: &mut Vec<Claimed>) -> bool {
    *last_nonce += 1;
    #[allow(clippy::cast_possible_truncation)] // any 32 of its bits will do
    let nonce = scramble(*last_nonce) as u32;
    let Some(claim) = run.claim(node, worker, nonce) else {
        return false;
    };
    match claimed.last_mut() {
        Some(group) if Arc::ptr_eq(&group.process, &run.process) => group.jobs.push(claim),
        _ => claimed.push(Claimed { process: Arc::clone(&run.process), jobs: smallvec![claim] }),
    }
    true
}

pub(super) fn unknown(identifier: &str) -> BackendError {
    BackendError::UnknownProcess { identifier: identifier.to_owned() }
}

/// Where the nonces of this store begin.
fn rand_seed() -> u32 {
    u32::from_le_bytes(uuid::Uuid::new_v4().as_bytes()[..4].try_into().unwrap_or_default())
}

impl Listener {
    /// Whether it works on a queue.
    fn serves_queue(&self, queue: &str) -> bool {
        self.membership.as_ref().is_some_and(|own| own.queues.iter().any(|known| known == queue))
    }
}
