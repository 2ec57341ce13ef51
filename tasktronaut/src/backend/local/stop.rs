//! What a failure, a timeout or a cancellation does to the rest of a process (`R12`, `R13`, `R14`).
//!
//! Everything that is queued is taken out. What runs may end. Each definition instance that was under way is told
//! once, innermost first: its terminal hook now waits for the jobs of its scope that still run and for the terminal
//! hooks of the scopes inside it, and for nothing else.

use super::run::Run;
use crate::definition::context::Level;
use crate::definition::hooks::HookEvent;
use crate::plan::{JobState, NO_SCOPE, NodeKind, Outcome};

impl Run {
    /// Sets the outcome and stops the process. An outcome that is there already stays: compare and set.
    pub(super) fn stop(&mut self, outcome: Outcome, ready: &mut Vec<u32>) {
        if self.outcome.is_some() || self.stopping {
            return;
        }
        let level = match &outcome {
            Outcome::Cancelled { .. } => Level::Drop,
            _ => Level::Stop,
        };
        self.outcome = Some(outcome);
        let queued = self.taken_out();
        self.stopping = true;
        self.process.session.signal.raise(level);
        let plan = self.process.plan.clone();

        // How many running jobs and open inner scopes each terminal hook waits for.
        let mut waits = vec![0_u32; plan.scopes.len()];
        let mut told = vec![false; plan.scopes.len()];
        for (number, scope) in plan.scopes.iter().enumerate().rev() {
            let scope_number = u32::try_from(number).unwrap_or(NO_SCOPE);
            let terminal = self.jobs[scope.terminal as usize].state;
            let is_open = !terminal.is_final() && (number == 0 || self.was_begun(scope_number));
            // A hook that runs already stays what it is; the scope around waits for it.
            told[number] = is_open && !matches!(terminal, JobState::Running | JobState::Waiting);
            if is_open && scope.parent != NO_SCOPE {
                waits[scope.parent as usize] += 1;
            }
        }
        for node in 0..plan.nodes.len() {
            let record = plan.nodes[node];
            let number = u32::try_from(node).unwrap_or(u32::MAX);
            match self.jobs[node].state {
                JobState::Running if record.kind != NodeKind::Terminal => waits[record.scope as usize] += 1,
                JobState::Blocked | JobState::Ready | JobState::Waiting
                    if record.kind != NodeKind::Terminal || !told[record.scope as usize] =>
                {
                    if record.kind == NodeKind::Terminal && self.jobs[node].state == JobState::Waiting {
                        continue;
                    }
                    self.set(number, queued);
                }
                _ => {}
            }
        }
        for scope in (0..plan.scopes.len()).rev().filter(|scope| told[*scope]) {
            let number = u32::try_from(scope).unwrap_or(NO_SCOPE);
            let event = self.event_of(number);
            // A scope whose failure is recorded keeps it, whatever happens before its hook runs.
            self.events.entry(number).or_insert(event);
            let terminal = plan.scopes[scope].terminal;
            let job = &mut self.jobs[terminal as usize];
            job.state = JobState::Blocked;
            job.waits_for = waits[scope];
            if waits[scope] == 0 {
                self.set(terminal, JobState::Ready);
                ready.push(terminal);
            }
        }
    }

    /// The state of a job that is taken out of the queue because the process stops.
    pub(super) fn taken_out(&self) -> JobState {
        match &self.outcome {
            Some(Outcome::Cancelled { .. }) => JobState::Cancelled,
            _ => JobState::Skipped,
        }
    }

    /// A job has ended while the process stops: counts down the terminal hook that waits for it.
    pub(super) fn count_down_hooks(&mut self, node: u32, ready: &mut Vec<u32>) {
        let plan = self.process.plan.clone();
        let record = plan.nodes[node as usize];
        let scope = match record.kind {
            NodeKind::Terminal => plan.scopes[record.scope as usize].parent,
            _ => record.scope,
        };
        if scope == NO_SCOPE {
            return self.finish();
        }
        let terminal = plan.scopes[scope as usize].terminal;
        let job = &mut self.jobs[terminal as usize];
        if job.state != JobState::Blocked {
            return;
        }
        job.waits_for = job.waits_for.saturating_sub(1);
        if job.waits_for == 0 {
            self.set(terminal, JobState::Ready);
            ready.push(terminal);
        }
    }

    /// What the terminal hook of a scope is told: a failure where it happened and in everything around it,
    /// a cancellation everywhere else.
    fn event_of(&self, scope: u32) -> HookEvent {
        match &self.outcome {
            Some(Outcome::Failed(failure)) if self.is_within(failure.scope, scope) => {
                HookEvent::Failed { step: failure.step.clone(), error: failure.error.clone() }
            }
            _ => HookEvent::Cancelled,
        }
    }

    /// Whether a scope is another one, or stands somewhere inside it.
    pub(super) fn is_within(&self, mut inner: u32, outer: u32) -> bool {
        while inner != NO_SCOPE {
            if inner == outer {
                return true;
            }
            inner = self.plan().scopes[inner as usize].parent;
        }
        false
    }

    /// Whether the first hook of a scope was ever begun.
    pub(super) fn was_begun(&self, scope: u32) -> bool {
        let started = self.plan().scopes[scope as usize].started;
        self.jobs[started as usize].attempt > 0
    }
}
