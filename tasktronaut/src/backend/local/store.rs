//! All processes, the queue of ready jobs, and the timers. Whoever holds the lock sees and changes all of it at once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use smallvec::smallvec;
use tokio::sync::{mpsc, oneshot};

use super::run::{Ended, Run};
use crate::backend::record::{
    Bell, CancelAnswer, Claimed, Enqueued, Event, Events, Finished, ProcessStatus, WorkerId,
};
use crate::backend::{BackendError, EnqueueError, Exchanged};
use crate::definition::context::Level;
use crate::plan::{Failure, JobState, NodeKind, Outcome, Plan};
use crate::words::clock::{Clock, Moment};
use crate::words::error::{TaskError, TaskErrorKind};
use crate::words::policy::scramble;

/// The number that stands for the process itself among the timers.
const WHOLE_PROCESS: u32 = u32::MAX;

/// Of so many claims one prefers jobs of processes that have not begun to those of processes under way.
const FAIRNESS: u64 = 8;

/// The store.
pub(super) struct Store {
    runs: Slots,
    by_identifier: HashMap<Arc<str>, u64>,
    /// Ready jobs of processes under way. They go first: what was begun is finished before more is begun.
    going: VecDeque<(u64, u32)>,
    /// Ready jobs of processes that have not begun, and of those that were put off.
    fresh: VecDeque<(u64, u32)>,
    claims: u64,
    timers: BinaryHeap<Reverse<(Moment, u64, u32)>>,
    workers: Vec<Listener>,
    next_nonce: u64,
    ended: VecDeque<(Moment, u64)>,
    keep_ended: Duration,
    keep_at_most: usize,
    /// Jobs that an operation has made ready; kept to be used again.
    released: Vec<u32>,
}

/// A worker that wants to hear of ready jobs.
struct Listener {
    worker: WorkerId,
    bell: Option<Arc<Bell>>,
}

impl Store {
    pub(super) fn new(keep_ended: Duration, keep_at_most: usize) -> Self {
        Self {
            runs: Slots::default(),
            by_identifier: HashMap::new(),
            going: VecDeque::new(),
            fresh: VecDeque::new(),
            claims: 0,
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
    pub(super) fn enqueue(&mut self, plan: Arc<Plan>, now: Moment) -> Result<Enqueued, EnqueueError> {
        self.forget_ended(now);
        if let Some(known) = self.by_identifier.get(&plan.identifier).and_then(|key| self.runs.get(*key)) {
            return if known.plan().same_content(&plan) {
                Ok(Enqueued::Existing)
            } else {
                Err(EnqueueError::IdentifierConflict { identifier: plan.identifier.to_string() })
            };
        }
        let key = self.runs.free_key();
        if let Some(timeout) = plan.policy.timeout {
            self.timers.push(Reverse((now.after(timeout), key, WHOLE_PROCESS)));
        }
        self.by_identifier.insert(Arc::clone(&plan.identifier), key);
        let first = plan.scopes[0].started;
        let mut run = Run::new(key, plan);
        run.set(first, JobState::Ready);
        self.runs.insert(run);
        self.fresh.push_back((key, first));
        self.ring();
        Ok(Enqueued::Created)
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
        let lost = self.record(finished, clock);
        let next_due = if self.timers.is_empty() { None } else { self.wake_due(clock.now()) };
        self.claim(worker, wanted, claimed);
        let more = !self.going.is_empty() || !self.fresh.is_empty();
        if more {
            self.ring();
        }
        Exchanged { lost, next_due, more }
    }

    fn record(&mut self, finished: &mut Vec<Finished>, clock: &dyn Clock) -> usize {
        let (mut lost, mut later) = (0, false);
        for Finished { process, jobs } in finished.drain(..) {
            let Some(run) = self.runs.get_mut(process.key) else {
                lost += jobs.len();
                continue;
            };
            let had_ended = run.ended;
            for end in jobs {
                let node = end.node;
                match run.end(end, &mut self.released) {
                    Ended::Done => {}
                    Ended::Later(pause) => {
                        let due = clock.now().after(pause);
                        self.timers.push(Reverse((due, process.key, node)));
                        later = true;
                    }
                    Ended::Lost => lost += 1,
                }
            }
            self.going.extend(self.released.drain(..).map(|node| (process.key, node)));
            if run.ended && !had_ended {
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

    fn claim(&mut self, worker: WorkerId, wanted: usize, claimed: &mut Vec<Claimed>) {
        if wanted == 0 || (self.going.is_empty() && self.fresh.is_empty()) {
            return;
        }
        let worker = self.number_of(worker);
        self.claims += 1;
        let fresh_first = self.claims.is_multiple_of(FAIRNESS);
        let mut left = wanted;
        while left > 0 {
            let (first, second) = match fresh_first {
                true => (&mut self.fresh, &mut self.going),
                false => (&mut self.going, &mut self.fresh),
            };
            let Some((key, node)) = first.pop_front().or_else(|| second.pop_front()) else {
                break;
            };
            let Some(run) = self.runs.get_mut(key) else {
                continue;
            };
            self.next_nonce += 1;
            #[allow(clippy::cast_possible_truncation)] // any 32 of its bits will do
            let nonce = scramble(self.next_nonce) as u32;
            let Some(claim) = run.claim(node, worker, nonce) else {
                continue;
            };
            left -= 1;
            match claimed.last_mut() {
                Some(group) if group.process.key == key => group.jobs.push(claim),
                _ => claimed.push(Claimed { process: Arc::clone(&run.process), jobs: smallvec![claim] }),
            }
        }
        for group in claimed {
            group.jobs.reverse();
        }
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
            if node == WHOLE_PROCESS {
                let definition = run.plan().definition_of(0).name();
                let error =
                    TaskError::of_kind(TaskErrorKind::Timeout, "the process took longer than its timeout");
                let failure =
                    Failure { definition, step: definition.into(), scope: 0, error: Arc::new(error) };
                run.stop(Outcome::Failed(failure), &mut self.released);
                // Its time is over: what waits for something is not waited for (`R15`).
                run.process.session.signal.raise(Level::Drop);
                self.going.extend(self.released.drain(..).map(|node| (key, node)));
            } else if run.jobs[node as usize].state == JobState::Waiting {
                run.set(node, JobState::Ready);
                self.going.push_back((key, node));
            }
        }
        None
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
        match &run.outcome {
            Some(Outcome::Cancelled { .. }) => return Ok(CancelAnswer::Cancelled),
            Some(outcome) => return Ok(CancelAnswer::TooLate(outcome.clone())),
            None => {}
        }
        run.stop(Outcome::Cancelled { reason: reason.into() }, &mut self.released);
        if run.ended {
            self.ended.push_back((now, key));
        }
        self.going.extend(self.released.drain(..).map(|node| (key, node)));
        self.ring();
        Ok(CancelAnswer::Cancelled)
    }

    /// Takes back all jobs of a worker, without charging anything (`R18`).
    pub(super) fn leave(&mut self, worker: WorkerId) {
        let number = self.number_of(worker);
        for run in self.runs.all() {
            let key = run.process.key;
            if run.ended {
                continue;
            }
            for node in 0..run.jobs.len() {
                let job = run.jobs[node];
                if job.state == JobState::Running && job.worker == number {
                    let node = u32::try_from(node).unwrap_or(u32::MAX);
                    // The nonce changes, so that whatever the worker may still send is dropped.
                    run.jobs[node as usize].nonce = !job.nonce;
                    if run.stopping && run.plan().nodes[node as usize].kind != NodeKind::Terminal {
                        run.set(node, run.taken_out());
                        run.count_down_hooks(node, &mut self.released);
                        self.going.extend(self.released.drain(..).map(|node| (key, node)));
                    } else {
                        run.set(node, JobState::Ready);
                        self.going.push_back((key, node));
                    }
                }
            }
        }
        self.workers[number as usize].bell = None;
        self.ring();
    }

    pub(super) fn listen(&mut self, worker: WorkerId, bell: Arc<Bell>) {
        let number = self.number_of(worker);
        self.workers[number as usize].bell = Some(bell);
    }

    fn number_of(&mut self, worker: WorkerId) -> u32 {
        let known = self.workers.iter().position(|listener| listener.worker == worker);
        let number = known.unwrap_or_else(|| {
            self.workers.push(Listener { worker, bell: None });
            self.workers.len() - 1
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Wakes one thread of each worker that has some asleep: only the worker knows whether it has room.
    fn ring(&self) {
        let bells = self.workers.iter().filter_map(|listener| listener.bell.as_ref());
        bells.filter(|bell| bell.has_sleepers()).for_each(|bell| bell.ring());
    }

    pub(super) fn status(&self, identifier: &str) -> Result<ProcessStatus, BackendError> {
        let run = self.run(identifier)?;
        let nodes = 0..u32::try_from(run.jobs.len()).unwrap_or(u32::MAX);
        Ok(ProcessStatus {
            identifier: identifier.to_owned(),
            definition: run.plan().definition_of(0).name(),
            outcome: run.outcome.clone(),
            ended: run.ended,
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
        for node in 0..u32::try_from(run.jobs.len()).unwrap_or(u32::MAX) {
            if run.jobs[node as usize].state != JobState::Blocked
                && let Some(status) = run.status_of(node)
            {
                // The receiver is in this function's own hands.
                let _ = watcher.send(Event::Job(status));
            }
        }
        match &run.outcome {
            Some(outcome) if run.ended => {
                let _ = watcher.send(Event::Ended(outcome.clone()));
            }
            _ => run.watch(watcher),
        }
        Ok(Events { receiver })
    }

    fn key_of(&self, identifier: &str) -> Result<u64, BackendError> {
        self.by_identifier.get(identifier).copied().ok_or_else(|| unknown(identifier))
    }

    fn run(&self, identifier: &str) -> Result<&Run, BackendError> {
        self.runs.get(self.key_of(identifier)?).ok_or_else(|| unknown(identifier))
    }

    /// `R20`: removes what has ended long enough ago, or is more than is to be kept.
    fn forget_ended(&mut self, now: Moment) {
        while let Some((ended, key)) = self.ended.front().copied() {
            if now.since(ended) <= self.keep_ended && self.ended.len() <= self.keep_at_most {
                return;
            }
            self.ended.pop_front();
            if let Some(run) = self.runs.remove(key) {
                self.by_identifier.remove(&run.plan().identifier);
            }
        }
    }
}

/// The processes, each in a slot; a key is the slot and how often it has been used.
#[derive(Default)]
struct Slots {
    slots: Vec<(u32, Option<Run>)>,
    free: Vec<usize>,
}

impl Slots {
    /// The key of the process that is inserted next.
    fn free_key(&mut self) -> u64 {
        let slot = match self.free.last() {
            Some(slot) => *slot,
            None => {
                self.slots.push((0, None));
                self.free.push(self.slots.len() - 1);
                self.slots.len() - 1
            }
        };
        (u64::from(self.slots[slot].0) << 32) | u64::try_from(slot).unwrap_or(u64::MAX)
    }

    fn insert(&mut self, run: Run) {
        if let Some(slot) = self.free.pop() {
            self.slots[slot].1 = Some(run);
        }
    }

    fn get(&self, key: u64) -> Option<&Run> {
        self.slots.get(slot_of(key))?.1.as_ref().filter(|run| run.process.key == key)
    }

    fn get_mut(&mut self, key: u64) -> Option<&mut Run> {
        self.slots.get_mut(slot_of(key))?.1.as_mut().filter(|run| run.process.key == key)
    }

    fn remove(&mut self, key: u64) -> Option<Run> {
        self.get(key)?;
        let slot = slot_of(key);
        self.free.push(slot);
        self.slots[slot].0 = self.slots[slot].0.wrapping_add(1);
        self.slots[slot].1.take()
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Run> {
        self.slots.iter_mut().filter_map(|(_, run)| run.as_mut())
    }
}

fn slot_of(key: u64) -> usize {
    usize::try_from(key & u64::from(u32::MAX)).unwrap_or(usize::MAX)
}

fn unknown(identifier: &str) -> BackendError {
    BackendError::UnknownProcess { identifier: identifier.to_owned() }
}

/// Where the nonces of this store begin.
fn rand_seed() -> u32 {
    u32::from_le_bytes(uuid::Uuid::new_v4().as_bytes()[..4].try_into().unwrap_or_default())
}
