//! One process in the store: the states of its jobs, and what the end of an attempt does to them.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::feed::{Feed, describe};
use crate::backend::record::{Claim, ClaimedProcess, Event, JobEnd, JobStatus};
use crate::definition::context::Session;
use crate::definition::hooks::HookEvent;
use crate::plan::rules::Verdict;
use crate::plan::{Failure, JobState, NodeKind, Outcome, Plan};
use crate::words::error::TaskError;

/// One process.
pub(super) struct Run {
    pub(super) process: Arc<ClaimedProcess>,
    pub(super) jobs: Vec<Job>,
    /// The outcome, set once.
    pub(super) outcome: Option<Outcome>,
    /// Whether the outcome came before all jobs had ended, so that nothing but hooks is begun any more.
    pub(super) stopping: bool,
    /// Whether the last hook is recorded.
    pub(super) ended: bool,
    /// The failures, in the order in which they were recorded.
    pub(super) failures: Vec<Failure>,
    /// What the terminal hooks of scopes are told that have not completed.
    pub(super) events: HashMap<u32, HookEvent>,
    /// Those who watch, if anybody does.
    feed: Option<Arc<Feed>>,
    errors: HashMap<u32, Arc<TaskError>>,
    waiters: Vec<oneshot::Sender<Outcome>>,
}

/// One job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) state: JobState,
    /// Something that it waited for has failed, so it will be skipped.
    pub(super) poisoned: bool,
    /// How many nodes it still waits for.
    pub(super) waits_for: u32,
    /// How many attempts have begun; with the nonce, the fence of the present claim.
    pub(super) attempt: u32,
    pub(super) nonce: u32,
    /// How many attempts have failed.
    pub(super) failed: u32,
    /// The worker that holds it, as the store numbers them.
    pub(super) worker: u32,
}

/// What the end of an attempt asks of the store.
pub(super) enum Ended {
    /// Nothing.
    Done,
    /// The job is due again after a pause.
    Later(std::time::Duration),
    /// The fence did not hold; the end was dropped (`R4`).
    Lost,
}

impl Run {
    pub(super) fn new(key: u64, plan: Arc<Plan>) -> Self {
        let jobs = plan
            .nodes
            .iter()
            .map(|node| Job {
                state: JobState::Blocked,
                poisoned: false,
                waits_for: node.waits_for,
                attempt: 0,
                nonce: 0,
                failed: 0,
                worker: 0,
            })
            .collect();
        let session = Arc::new(Session::new(Arc::clone(&plan.identifier), Arc::clone(&plan.tables)));
        Self {
            process: Arc::new(ClaimedProcess { key, plan, session }),
            jobs,
            outcome: None,
            stopping: false,
            ended: false,
            failures: Vec::new(),
            events: HashMap::new(),
            feed: None,
            errors: HashMap::new(),
            waiters: Vec::new(),
        }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.process.plan
    }

    /// Claims a job, if it is ready: raises the attempt and sets the fence (`R3`).
    pub(super) fn claim(&mut self, node: u32, worker: u32, nonce: u32) -> Option<Claim> {
        let job = &mut self.jobs[node as usize];
        if job.state != JobState::Ready {
            return None;
        }
        job.state = JobState::Running;
        job.attempt += 1;
        job.nonce = nonce;
        job.worker = worker;
        let claim = Claim { node, attempt: job.attempt, failed: job.failed, nonce, event: None };
        let record = &self.process.plan.nodes[node as usize];
        let event = if record.kind == NodeKind::Terminal && !self.events.is_empty() {
            self.events.get(&record.scope).cloned().map(Box::new)
        } else {
            None
        };
        self.tell(node);
        Some(Claim { event, ..claim })
    }

    /// Records the end of an attempt. Jobs that become ready are added to `ready`.
    pub(super) fn end(&mut self, end: JobEnd, ready: &mut Vec<u32>) -> Ended {
        let JobEnd { node, attempt, nonce, failure } = end;
        let job = &mut self.jobs[node as usize];
        if job.attempt != attempt
            || job.nonce != nonce
            || !matches!(job.state, JobState::Running | JobState::Ready)
        {
            return Ended::Lost;
        }
        let Some(failure) = failure else {
            job.state = JobState::Succeeded;
            self.tell(node);
            self.count_down(node, ready);
            return Ended::Done;
        };
        if failure.verdict == Verdict::NotBegun {
            job.attempt -= 1;
            self.set(node, self.taken_out());
            self.count_down_hooks(node, ready);
            return Ended::Done;
        }
        job.failed += 1;
        self.errors.insert(node, Arc::clone(&failure.error));
        match failure.verdict {
            Verdict::Retry { after } if !self.stopping || self.is_terminal(node) => {
                self.set(node, JobState::Waiting);
                return Ended::Later(after);
            }
            Verdict::Retry { .. } | Verdict::Fail => {
                self.set(node, JobState::Failed);
                self.fail(node, failure.error, ready);
            }
            Verdict::GiveUp | Verdict::NotBegun => {
                self.set(node, JobState::Failed);
                self.count_down(node, ready);
            }
            Verdict::Cancel => {
                self.set(node, JobState::Cancelled);
                if self.stopping {
                    self.count_down_hooks(node, ready);
                } else {
                    self.stop(Outcome::Cancelled { reason: failure.error.to_string().into() }, ready);
                }
            }
        }
        Ended::Done
    }

    fn is_terminal(&self, node: u32) -> bool {
        self.plan().nodes[node as usize].kind == NodeKind::Terminal
    }

    /// A job has failed for good: the process stops (`R12`), or what depends on the job is skipped.
    fn fail(&mut self, node: u32, error: Arc<TaskError>, ready: &mut Vec<u32>) {
        if self.stopping {
            return self.count_down_hooks(node, ready);
        }
        let scope = self.plan().nodes[node as usize].scope;
        let definition = self.plan().definition_of(scope).name();
        let step = self.plan().task_of(node).map_or(definition, |task| task.name).into();
        let failure = Failure { definition, step, scope, error };
        self.failures.push(failure.clone());
        if self.plan().policy.finish_siblings {
            self.jobs[node as usize].poisoned = true;
            self.count_down(node, ready);
        } else {
            self.stop(Outcome::Failed(failure), ready);
        }
    }

    /// `R5`: counts down what waits for a job that has ended, and releases what waits for nothing more.
    ///
    /// Joins release in turn, in a loop: a plan may have as many joins in a row as it likes.
    fn count_down(&mut self, node: u32, ready: &mut Vec<u32>) {
        if self.stopping {
            return self.count_down_hooks(node, ready);
        }
        let mut ended = node;
        let mut more: Vec<u32> = Vec::new();
        loop {
            let poisoned = self.jobs[ended as usize].poisoned;
            for at in self.plan().dependents_range(ended) {
                let dependent = self.plan().dependents[at];
                let job = &mut self.jobs[dependent as usize];
                job.poisoned |= poisoned;
                job.waits_for -= 1;
                if job.waits_for == 0 && self.release(dependent, ready) {
                    more.push(dependent);
                }
            }
            match more.pop() {
                Some(next) => ended = next,
                None => break,
            }
        }
        if node == self.plan().scopes[0].terminal {
            self.finish();
        }
    }

    /// A job waits for nothing more. Whether it has thereby ended, so that what waits for it is counted down in turn.
    fn release(&mut self, node: u32, ready: &mut Vec<u32>) -> bool {
        let record = self.plan().nodes[node as usize];
        let poisoned = self.jobs[node as usize].poisoned;
        match record.kind {
            NodeKind::Join => {
                self.jobs[node as usize].state =
                    if poisoned { JobState::Skipped } else { JobState::Succeeded };
                return true;
            }
            NodeKind::Task | NodeKind::Started if poisoned => {
                self.set(node, JobState::Skipped);
                return true;
            }
            NodeKind::Terminal if poisoned && !self.was_begun(record.scope) => {
                self.set(node, JobState::Skipped);
                return true;
            }
            NodeKind::Terminal => self.conclude(record.scope, poisoned),
            NodeKind::Task | NodeKind::Started => {}
        }
        self.set(node, JobState::Ready);
        ready.push(node);
        false
    }

    /// All jobs of a scope have ended: notes what its hook is told, and the outcome of the process when it is that.
    fn conclude(&mut self, scope: u32, poisoned: bool) {
        let failure = self.failures.iter().find(|failure| self.is_within(failure.scope, scope)).cloned();
        if let Some(failure) = failure.clone().filter(|_| poisoned) {
            self.events.insert(scope, HookEvent::Failed { step: failure.step, error: failure.error });
        }
        if scope == 0 && self.outcome.is_none() {
            self.outcome = Some(match failure {
                Some(failure) if poisoned => Outcome::Failed(failure),
                _ => Outcome::Completed,
            });
        }
    }

    /// The last hook is recorded: everyone who waits is told.
    pub(super) fn finish(&mut self) {
        self.ended = true;
        let outcome = self.outcome.clone().unwrap_or(Outcome::Completed);
        for waiter in self.waiters.drain(..) {
            // Who does not wait any more need not be told.
            let _ = waiter.send(outcome.clone());
        }
        if let Some(feed) = &self.feed {
            feed.end(outcome);
        }
    }

    pub(super) fn wait(&mut self, waiter: oneshot::Sender<Outcome>) {
        match &self.outcome {
            Some(outcome) if self.ended => {
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

    pub(super) fn set(&mut self, node: u32, state: JobState) {
        self.jobs[node as usize].state = state;
        self.tell(node);
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
        let job = self.jobs[node as usize];
        let record = self.plan().nodes[node as usize];
        let hook = match record.kind {
            NodeKind::Started => HookEvent::Started.hook(),
            _ => self.events.get(&record.scope).map_or(HookEvent::Completed.hook(), HookEvent::hook),
        };
        describe(self.plan(), node, job.state, job.attempt, self.errors.get(&node).cloned(), hook)
    }
}
