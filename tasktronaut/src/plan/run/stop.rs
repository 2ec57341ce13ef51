//! What a failure, a timeout or a cancellation does to the rest of a process (`R12`, `R13`, `R14`).
//!
//! Everything that is queued is taken out. What runs may end. Each definition instance that was under way is told
//! once, innermost first: its terminal hook now waits for the jobs of its scope that still run and for the terminal
//! hooks of the scopes inside it, and for nothing else.

use std::sync::Arc;

use super::Turn;
use crate::definition::hooks::HookEvent;
use crate::plan::{JobState, NO_SCOPE, NodeKind, Outcome};
use crate::words::error::TaskError;

impl Turn<'_> {
    /// Sets the outcome and stops the process. An outcome that is there already stays: compare and set.
    pub(crate) fn stop(&mut self, outcome: Outcome) {
        if self.run.outcome.is_some() || self.run.stopping {
            return;
        }
        self.run.outcome = Some(outcome);
        let queued = self.run.taken_out();
        self.run.stopping = true;
        let plan = self.plan;

        // How many running jobs and open inner scopes each terminal hook waits for.
        let mut waits = vec![0_u32; plan.scopes.len()];
        let mut told = vec![false; plan.scopes.len()];
        for (number, scope) in plan.scopes.iter().enumerate().rev() {
            let scope_number = u32::try_from(number).unwrap_or(NO_SCOPE);
            let terminal = self.run.jobs[scope.terminal as usize].state;
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
            match self.run.jobs[node].state {
                JobState::Running if record.kind != NodeKind::Terminal => waits[record.scope as usize] += 1,
                JobState::Blocked | JobState::Ready | JobState::Waiting
                    if record.kind != NodeKind::Terminal || !told[record.scope as usize] =>
                {
                    if record.kind == NodeKind::Terminal && self.run.jobs[node].state == JobState::Waiting {
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
            self.run.events.entry(number).or_insert(event);
            let terminal = plan.scopes[scope].terminal;
            let job = &mut self.run.jobs[terminal as usize];
            job.state = JobState::Blocked;
            job.waits_for = waits[scope];
            if waits[scope] == 0 {
                self.set(terminal, JobState::Ready);
                self.effects.ready.push(terminal);
            }
        }
    }

    /// A job has failed for good while its process stops because of another failure: its scope has not been told yet, and
    /// neither have those around it. They have failed, too.
    pub(super) fn tell_failure(&mut self, node: u32, mut scope: u32, error: &Arc<TaskError>) {
        if !matches!(self.run.outcome, Some(Outcome::Failed(_))) {
            return;
        }
        let step: Arc<str> =
            self.plan.task_name(node).unwrap_or(self.plan.definition_of(scope).name()).into();
        while scope != 0 && scope != NO_SCOPE {
            if let Some(event @ HookEvent::Cancelled) = self.run.events.get_mut(&scope) {
                *event = HookEvent::Failed { step: step.clone(), error: Arc::clone(error) };
            }
            scope = self.plan.scopes[scope as usize].parent;
        }
    }

    /// A job has ended while the process stops: counts down the terminal hook that waits for it.
    pub(super) fn count_down_hooks(&mut self, node: u32) {
        let plan = self.plan;
        let record = plan.nodes[node as usize];
        let scope = match record.kind {
            NodeKind::Terminal => plan.scopes[record.scope as usize].parent,
            _ => record.scope,
        };
        if scope == NO_SCOPE {
            self.run.ended = true;
            return;
        }
        let terminal = plan.scopes[scope as usize].terminal;
        let job = &mut self.run.jobs[terminal as usize];
        if job.state != JobState::Blocked {
            return;
        }
        job.waits_for = job.waits_for.saturating_sub(1);
        if job.waits_for == 0 {
            self.set(terminal, JobState::Ready);
            self.effects.ready.push(terminal);
        }
    }

    /// What the terminal hook of a scope is told: a failure where it happened and in everything around it,
    /// a cancellation everywhere else.
    fn event_of(&self, scope: u32) -> HookEvent {
        match &self.run.outcome {
            Some(Outcome::Failed(failure)) if self.plan.is_within(failure.scope, scope) => {
                HookEvent::Failed { step: failure.step.clone(), error: failure.error.clone() }
            }
            _ => HookEvent::Cancelled,
        }
    }
}
