//! One process in the store: its state, those who wait for it and those who watch it.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::backend::feed::Feed;
use crate::backend::record::{Claim, ClaimedProcess, Event, JobEnd, JobStatus, describe};
use crate::definition::context::{Level, Session};
use crate::plan::run::{Effects, Ended, Run as State, Turn};
use crate::plan::{JobState, NodeKind, Outcome, Plan};
use crate::words::clock::Moment;

/// One process.
pub(super) struct Run {
    pub(super) process: Arc<ClaimedProcess>,
    pub(super) state: State,
    /// The how-manyeth process it is that was enqueued.
    pub(super) sequence: u64,
    /// Whether nothing of it is handed out at present, and what has been held back since.
    pub(super) paused: bool,
    pub(super) held: Vec<u32>,
    /// When its time is over (`R15`).
    pub(super) deadline: Option<Moment>,
    /// Those who watch, if anybody does.
    feed: Option<Arc<Feed>>,
    waiters: Vec<oneshot::Sender<Outcome>>,
}

/// What the end of an attempt asks of the store.
pub(super) enum Recorded {
    /// Nothing.
    Done,
    /// The job is due again after a pause.
    Later(std::time::Duration),
    /// The fence did not hold; the end was dropped (`R4`).
    Lost,
}

impl Run {
    pub(super) fn new(key: u64, plan: Arc<Plan>, sequence: u64) -> Self {
        let state = State::new(&plan);
        let session = Arc::new(Session::new(Arc::clone(&plan.identifier), Arc::clone(&plan.tables)));
        Self {
            process: Arc::new(ClaimedProcess { key, plan, session }),
            state,
            sequence,
            paused: false,
            held: Vec::new(),
            deadline: None,
            feed: None,
            waiters: Vec::new(),
        }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.process.plan
    }

    /// Gives the process a session whose signal says nothing, for it goes on after it was stopped.
    pub(super) fn renew_session(&mut self) {
        let plan = Arc::clone(&self.process.plan);
        let session = Arc::new(Session::new(Arc::clone(&plan.identifier), Arc::clone(&plan.tables)));
        if let Some(feed) = &self.feed {
            session.listener.get_or_init(|| Arc::clone(feed) as _);
        }
        self.process = Arc::new(ClaimedProcess { key: self.process.key, plan, session });
    }

    /// Changes the process by the rules, and tells everyone whom it concerns. Jobs that become ready are added to
    /// `ready`.
    pub(super) fn turn<T>(&mut self, ready: &mut Vec<u32>, change: impl FnOnce(&mut Turn<'_>) -> T) -> T {
        let is_watched = self.feed.as_ref().is_some_and(|feed| feed.is_watched());
        let mut effects = Effects { ready: std::mem::take(ready), changed: is_watched.then(Vec::new) };
        let (had_ended, had_stopped) = (self.state.ended, self.state.stopping);
        let result =
            change(&mut Turn { plan: &self.process.plan, run: &mut self.state, effects: &mut effects });
        *ready = effects.ready;
        if self.state.stopping && !had_stopped {
            let is_cancelled = matches!(self.state.outcome, Some(Outcome::Cancelled { .. }));
            self.process.session.signal.raise(if is_cancelled { Level::Drop } else { Level::Stop });
        }
        for node in effects.changed.into_iter().flatten() {
            self.tell(node);
        }
        if self.state.ended && !had_ended {
            self.finish();
        }
        result
    }

    /// Claims a job, if it is ready: raises the attempt and sets the fence (`R3`).
    pub(super) fn claim(&mut self, node: u32, worker: u32, nonce: u32) -> Option<Claim> {
        let job = &mut self.state.jobs[node as usize];
        if job.state != JobState::Ready {
            return None;
        }
        if self.paused {
            self.held.push(node);
            return None;
        }
        job.state = JobState::Running;
        job.attempt += 1;
        job.nonce = nonce;
        job.worker = worker;
        let claim =
            Claim { node, attempt: job.attempt, failed: job.failed, undecoded: 0, nonce, event: None };
        let record = &self.process.plan.nodes[node as usize];
        let event = if record.kind == NodeKind::Terminal && !self.state.events.is_empty() {
            self.state.events.get(&record.scope).cloned().map(Box::new)
        } else {
            None
        };
        self.tell(node);
        Some(Claim { event, ..claim })
    }

    /// Records the end of an attempt. Jobs that become ready are added to `ready`.
    pub(super) fn end(&mut self, end: JobEnd, ready: &mut Vec<u32>) -> Recorded {
        let JobEnd { node, attempt, nonce, failure, .. } = end;
        let job = self.state.jobs[node as usize];
        if job.attempt != attempt
            || job.nonce != nonce
            || !matches!(job.state, JobState::Running | JobState::Ready)
        {
            return Recorded::Lost;
        }
        match self.turn(ready, |turn| turn.end(node, failure.map(|failure| *failure))) {
            Ended::Done => Recorded::Done,
            Ended::Later(after) => Recorded::Later(after),
        }
    }

    /// The last hook is recorded: everyone who waits is told.
    fn finish(&mut self) {
        let outcome = self.state.outcome.clone().unwrap_or(Outcome::Completed);
        for waiter in self.waiters.drain(..) {
            // Who does not wait any more need not be told.
            let _ = waiter.send(outcome.clone());
        }
        if let Some(feed) = &self.feed {
            feed.end(outcome);
        }
    }

    pub(super) fn wait(&mut self, waiter: oneshot::Sender<Outcome>) {
        match &self.state.outcome {
            Some(outcome) if self.state.ended => {
                let _ = waiter.send(outcome.clone());
            }
            _ => self.waiters.push(waiter),
        }
    }

    /// Adds somebody who watches.
    pub(super) fn watch(&mut self, watcher: UnboundedSender<Event>) {
        let plan = &self.process.plan;
        let feed = self.feed.get_or_insert_with(|| Arc::new(Feed::new(Arc::clone(plan))));
        self.process.session.listener.get_or_init(|| Arc::clone(feed) as _);
        feed.add(watcher);
    }

    /// Tells those who watch of a job's state.
    fn tell(&self, node: u32) {
        if let Some(feed) = self.feed.as_ref().filter(|feed| feed.is_watched())
            && let Some(status) = self.status_of(node)
        {
            feed.tell(&Event::Job(status));
        }
    }

    /// A job as those see it who look at the process.
    pub(super) fn status_of(&self, node: u32) -> Option<JobStatus> {
        let job = self.state.jobs[node as usize];
        let hook = self.state.hook_of(self.plan(), node);
        let mut status = describe(self.plan(), node, job.state, hook)?;
        status.attempt = job.attempt;
        status.failed = job.failed;
        status.error = self.state.errors.get(&node).cloned();
        Some(status)
    }
}
