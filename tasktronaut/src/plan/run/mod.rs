//! The state of one process, and what the end of an attempt does to it: pure, and the same for every backend.
//!
//! - here: successes, failures, and how they count down what waits ([`Turn`]);
//! - [`stop`]: what a failure or a cancellation does to the rest of a process;
//! - [`resume`]: how a failed process goes on.

mod resume;
mod stop;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::graph::{NodeKind, Plan};
use super::outcome::{Failure, JobState, Outcome};
use super::rules::{JobFailure, Verdict};
use crate::definition::hooks::HookEvent;
use crate::words::error::{TaskError, TaskErrorKind};

/// The state of one process.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The jobs, and the joins among them, as the plan numbers them.
    pub(crate) jobs: Vec<Job>,
    /// The outcome, set once.
    pub(crate) outcome: Option<Outcome>,
    /// Whether the outcome came before all jobs had ended, so that nothing but hooks is begun any more.
    pub(crate) stopping: bool,
    /// Whether the last hook is recorded.
    pub(crate) ended: bool,
    /// The failures, in the order in which they were recorded.
    pub(crate) failures: Vec<Failure>,
    /// What the terminal hooks of scopes are told that have not completed.
    pub(crate) events: HashMap<u32, HookEvent>,
    /// The errors of the last failed attempts.
    pub(crate) errors: HashMap<u32, Arc<TaskError>>,
}

/// One job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) state: JobState,
    /// Something that it waited for has failed, so it will be skipped.
    pub(crate) poisoned: bool,
    /// How many nodes it still waits for.
    pub(crate) waits_for: u32,
    /// How many attempts have begun; with the nonce, the fence of the present claim.
    pub(crate) attempt: u32,
    /// The backend's random number of the present claim.
    pub(crate) nonce: u32,
    /// How many attempts have failed.
    pub(crate) failed: u32,
    /// The worker that holds it, as the backend numbers them.
    pub(crate) worker: u32,
}

/// What a change of a run asks of the backend.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Jobs that have become ready.
    pub(crate) ready: Vec<u32>,
    /// Jobs whose state has changed, where somebody wants to know.
    pub(crate) changed: Option<Vec<u32>>,
}

/// What became of an attempt that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The job has ended, too.
    Done,
    /// The job is due again after a pause.
    Later(Duration),
}

/// One change of a run.
pub(crate) struct Turn<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) run: &'a mut Run,
    pub(crate) effects: &'a mut Effects,
}

impl Run {
    /// A process of which nothing is ready yet.
    pub(crate) fn new(plan: &Plan) -> Self {
        let jobs = plan.nodes.iter().map(|node| Job {
            state: JobState::Blocked,
            poisoned: false,
            waits_for: node.waits_for,
            attempt: 0,
            nonce: 0,
            failed: 0,
            worker: 0,
        });
        Self { jobs: jobs.collect(), ..Self::default() }
    }

    /// The state of a job that is taken out of the queue because the process stops.
    pub(crate) fn taken_out(&self) -> JobState {
        match &self.outcome {
            Some(Outcome::Cancelled { .. }) => JobState::Cancelled,
            _ => JobState::Skipped,
        }
    }

    /// The name of the hook that a node is, or will be.
    pub(crate) fn hook_of(&self, plan: &Plan, node: u32) -> &'static str {
        let record = plan.nodes[node as usize];
        match record.kind {
            NodeKind::Started => HookEvent::Started.hook(),
            _ => self.events.get(&record.scope).map_or(HookEvent::Completed.hook(), HookEvent::hook),
        }
    }
}

impl Turn<'_> {
    /// Records the end of an attempt: of a success, or of a failure that was judged.
    pub(crate) fn end(&mut self, node: u32, failure: Option<JobFailure>) -> Ended {
        let Some(JobFailure { error, verdict }) = failure else {
            self.set(node, JobState::Succeeded);
            self.count_down(node);
            return Ended::Done;
        };
        if verdict == Verdict::NotBegun && !self.run.stopping {
            self.give_back(node);
            return Ended::Done;
        }
        if verdict == Verdict::NotBegun {
            self.set(node, self.run.taken_out());
            self.count_down_hooks(node);
            return Ended::Done;
        }
        let is_charged = !matches!(verdict, Verdict::PutBack { .. });
        let failed = &mut self.run.jobs[node as usize].failed;
        *failed = failed.saturating_add(u32::from(is_charged));
        self.run.errors.insert(node, Arc::clone(&error));
        match verdict {
            Verdict::Retry { after } | Verdict::PutBack { after }
                if !self.run.stopping || self.is_terminal(node) =>
            {
                self.set(node, JobState::Waiting);
                return Ended::Later(after);
            }
            // Another attempt would follow, but the process stops: taken out, as what waits.
            Verdict::Retry { .. } | Verdict::PutBack { .. } => {
                self.set(node, self.run.taken_out());
                self.count_down_hooks(node);
            }
            Verdict::Fail => {
                self.set(node, JobState::Failed);
                self.fail(node, error);
            }
            Verdict::GiveUp | Verdict::NotBegun => {
                self.set(node, JobState::Failed);
                self.count_down(node);
            }
            Verdict::Cancel => {
                self.set(node, JobState::Cancelled);
                if self.run.stopping {
                    self.count_down_hooks(node);
                } else {
                    self.stop(Outcome::Cancelled { reason: error.to_string().into() });
                }
            }
        }
        Ended::Done
    }

    /// The process has taken too long (`R15`).
    pub(crate) fn expire(&mut self) {
        let definition: Arc<str> = self.plan.definition_of(0).name().into();
        let error = TaskError::of_kind(TaskErrorKind::Timeout, "the process took longer than its timeout");
        let failure = Failure { step: Arc::clone(&definition), definition, scope: 0, error: Arc::new(error) };
        self.stop(Outcome::Failed(failure));
    }

    /// Gives a job back that was claimed, without charging anything (`R18`): it is ready again, or taken out where
    /// the process stops.
    pub(crate) fn give_back(&mut self, node: u32) {
        if self.run.stopping && !self.is_terminal(node) {
            self.set(node, self.run.taken_out());
            self.count_down_hooks(node);
        } else {
            self.set(node, JobState::Ready);
            self.effects.ready.push(node);
        }
    }

    fn is_terminal(&self, node: u32) -> bool {
        self.plan.nodes[node as usize].kind == NodeKind::Terminal
    }

    /// A job has failed for good: the process stops (`R12`), or what depends on the job is skipped.
    fn fail(&mut self, node: u32, error: Arc<TaskError>) {
        let scope = self.plan.nodes[node as usize].scope;
        if self.run.stopping {
            self.tell_failure(node, scope, &error);
            return self.count_down_hooks(node);
        }
        let definition: Arc<str> = self.plan.definition_of(scope).name().into();
        let step = self.plan.task_name(node).map_or_else(|| Arc::clone(&definition), Arc::from);
        let failure = Failure { definition, step, scope, error };
        self.run.failures.push(failure.clone());
        if self.plan.policy.finish_siblings {
            self.run.jobs[node as usize].poisoned = true;
            self.count_down(node);
        } else {
            self.stop(Outcome::Failed(failure));
        }
    }

    /// `R5`: counts down what waits for a job that has ended, and releases what waits for nothing more.
    ///
    /// Joins release in turn, in a loop: a plan may have as many joins in a row as it likes.
    fn count_down(&mut self, node: u32) {
        if self.run.stopping {
            return self.count_down_hooks(node);
        }
        let mut ended = node;
        let mut more: Vec<u32> = Vec::new();
        loop {
            let poisoned = self.run.jobs[ended as usize].poisoned;
            for at in self.plan.dependents_range(ended) {
                let dependent = self.plan.dependents[at];
                let job = &mut self.run.jobs[dependent as usize];
                job.poisoned |= poisoned;
                if job.waits_for == 0 {
                    continue;
                }
                job.waits_for -= 1;
                if job.waits_for == 0 && self.release(dependent) {
                    more.push(dependent);
                }
            }
            match more.pop() {
                Some(next) => ended = next,
                None => break,
            }
        }
        if node == self.plan.scopes[0].terminal {
            self.run.ended = true;
        }
    }

    /// A job waits for nothing more. Whether it has thereby ended, so that what waits for it is counted down in turn.
    fn release(&mut self, node: u32) -> bool {
        let record = self.plan.nodes[node as usize];
        let poisoned = self.run.jobs[node as usize].poisoned;
        match record.kind {
            NodeKind::Join => {
                self.run.jobs[node as usize].state =
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
        self.effects.ready.push(node);
        false
    }

    /// All jobs of a scope have ended: notes what its hook is told, and the outcome of the process when it is that.
    fn conclude(&mut self, scope: u32, poisoned: bool) {
        let failures = self.run.failures.iter();
        let failure = failures.clone().find(|failure| self.plan.is_within(failure.scope, scope)).cloned();
        if let Some(failure) = failure.clone().filter(|_| poisoned) {
            self.run.events.insert(scope, HookEvent::Failed { step: failure.step, error: failure.error });
        }
        if scope == 0 && self.run.outcome.is_none() {
            self.run.outcome = Some(match failure {
                Some(failure) if poisoned => Outcome::Failed(failure),
                _ => Outcome::Completed,
            });
        }
    }

    pub(crate) fn set(&mut self, node: u32, state: JobState) {
        self.run.jobs[node as usize].state = state;
        if let Some(changed) = &mut self.effects.changed {
            changed.push(node);
        }
    }

    /// Whether the first hook of a scope was ever begun.
    fn was_begun(&self, scope: u32) -> bool {
        let started = self.plan.scopes[scope as usize].started;
        self.run.jobs[started as usize].attempt > 0
    }
}
