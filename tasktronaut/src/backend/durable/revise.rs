//! One process as a whole: from the rows of a store to the state that the rules know, and back to rows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::BackendError;
use crate::backend::store::{Change, Changes, JobRow, JobUpdate, Phase, Snapshot};
use crate::plan::run::{Effects, Job, Run, Turn};
use crate::plan::{JobState, NodeKind, Plan};
use crate::words::error::TaskError;

use super::detail::{Memo, error_to_bytes, event_to_bytes, outcome_code};
use super::flat::route_of;

/// One process while it is revised.
pub(super) struct Revision {
    plan: Arc<Plan>,
    pub(super) run: Run,
    before: Vec<Job>,
    memo: Vec<u8>,
    phase: Phase,
    /// Whether it had its outcome before.
    was_over: bool,
    rows: HashMap<u32, JobRow>,
    effects: Effects,
    dues: HashMap<u32, Duration>,
}

/// What a revision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Revised {
    /// Jobs have become ready.
    pub(super) ready: bool,
    /// The process is stopping or has ended: nothing, or whether it was cancelled.
    pub(super) stopped: Option<bool>,
    /// The last hook is recorded.
    pub(super) ended: bool,
}

impl Revision {
    /// Takes the rows of a process.
    pub(super) fn new(
        plan: &Arc<Plan>,
        snapshot: &Snapshot,
        backend: &'static str,
    ) -> Result<Self, BackendError> {
        let process = &snapshot.process;
        let corrupt = |what: String, reason: String| BackendError::Corrupt { backend, what, reason };
        let memo = Memo::from_bytes(&process.memo)
            .map_err(|error| corrupt(format!("the memo of process {}", process.key), error.to_string()))?;
        let mut run = Run::new(plan);
        memo.restore(process.outcome, &mut run);
        run.stopping = process.phase == Phase::Stopping;
        run.ended = process.phase == Phase::Ended;
        let outside = |node: u32| {
            let what = format!("job {node} of process {}", process.key);
            corrupt(what, format!("its plan has {} jobs", plan.nodes.len()))
        };
        for (node, waits_for) in &snapshot.meetings {
            let job = run.jobs.get_mut(*node as usize).ok_or_else(|| outside(*node))?;
            job.waits_for = *waits_for;
        }
        let mut rows = HashMap::with_capacity(snapshot.jobs.len());
        for row in &snapshot.jobs {
            let job = run.jobs.get_mut(row.fence.node as usize).ok_or_else(|| outside(row.fence.node))?;
            job.state = row.state;
            if row.state != JobState::Blocked {
                job.waits_for = 0;
            }
            job.attempt = row.fence.attempt;
            job.nonce = row.fence.nonce;
            job.failed = row.failed;
            rows.insert(row.fence.node, row.clone());
        }
        match process.phase {
            Phase::Flowing => recall(plan, &mut run, &rows),
            Phase::Careful => {
                poison(plan, &mut run);
                recall(plan, &mut run, &rows);
            }
            Phase::Stopping | Phase::Ended => {}
        }
        Ok(Self {
            plan: Arc::clone(plan),
            before: run.jobs.clone(),
            run,
            memo: process.memo.clone(),
            phase: process.phase,
            was_over: process.outcome.is_some(),
            rows,
            effects: Effects::default(),
            dues: HashMap::new(),
        })
    }

    /// Takes all rows of a process that has ended: a snapshot lacks what has succeeded.
    pub(super) fn complete(&mut self, jobs: Vec<JobRow>) {
        for row in jobs {
            if let Some(job) = self.run.jobs.get_mut(row.fence.node as usize) {
                job.state = row.state;
                job.attempt = row.fence.attempt;
                job.failed = row.failed;
                if row.state != JobState::Blocked {
                    job.waits_for = 0;
                }
                self.before[row.fence.node as usize] = *job;
                self.rows.insert(row.fence.node, row);
            }
        }
    }

    /// The row of a job.
    pub(super) fn row(&self, node: u32) -> Option<&JobRow> {
        self.rows.get(&node)
    }

    pub(super) fn turn(&mut self) -> Turn<'_> {
        Turn { plan: &self.plan, run: &mut self.run, effects: &mut self.effects }
    }

    /// Notes when a job is due again.
    pub(super) fn due(&mut self, node: u32, after: Duration) {
        self.dues.insert(node, after);
    }

    /// Changes the budgets of a job that has a row.
    pub(super) fn budget(&mut self, node: u32, change: impl FnOnce(&mut JobRow)) {
        if let Some(row) = self.rows.get_mut(&node) {
            change(row);
        }
    }

    /// Makes sure that no fence of the job's claim holds any more.
    pub(super) fn break_fence(&mut self, node: u32) {
        self.run.jobs[node as usize].nonce = 0;
    }

    /// The rows that have changed.
    pub(super) fn finish(self) -> (Changes, Revised) {
        let Self { plan, run, before, memo, phase, was_over, rows, dues, .. } = self;
        let mut changes = Changes::default();
        for (node, (job, before)) in run.jobs.iter().zip(&before).enumerate() {
            let number = u32::try_from(node).unwrap_or(u32::MAX);
            let record = plan.nodes[node];
            let row = rows.get(&number);
            let has_moved = job != before || dues.contains_key(&number);
            if !has_moved {
                continue;
            }
            if row.is_none() && job.state != JobState::Ready {
                // Where no row is, none is needed: what is not begun when the process stops says so by that.
                let counts = job.state == JobState::Blocked || record.kind == NodeKind::Join;
                if counts && job.waits_for != before.waits_for {
                    changes.meetings.push((number, job.waits_for));
                }
                continue;
            }
            if job.state == JobState::Blocked {
                changes.meetings.push((number, job.waits_for));
            }
            let is_told = record.kind == NodeKind::Terminal && job.state == JobState::Ready;
            let event = match () {
                () if is_told => run.events.get(&record.scope).map(event_to_bytes),
                // It is awaited again, and what it is told then is not what it was told before.
                () if job.state == JobState::Blocked => None,
                () => row.and_then(|row| row.event.clone()),
            };
            let error = match run.errors.get(&number) {
                Some(error) => Some(error_to_bytes(error)),
                // It begins anew.
                None if job.state == JobState::Ready && before.state.is_final() => None,
                None => row.and_then(|row| row.error.clone()),
            };
            changes.jobs.push(JobUpdate {
                node: number,
                route: row.map_or_else(|| route_of(&plan, number), |row| row.route),
                state: job.state,
                due: dues.get(&number).copied(),
                attempt: job.attempt,
                nonce: job.nonce,
                failed: job.failed,
                lost: row.map_or(0, |row| row.lost),
                undecoded: row.map_or(0, |row| row.undecoded),
                event,
                error,
            });
        }
        let next = match () {
            () if run.ended => Phase::Ended,
            () if run.stopping => Phase::Stopping,
            () if run.failures.is_empty() => Phase::Flowing,
            () => Phase::Careful,
        };
        let noted = Memo::of(&run).to_bytes();
        if next != phase || noted != memo {
            let outcome = outcome_code(run.outcome.as_ref());
            // What goes on has all of its time again.
            let deadline = plan.policy.timeout.filter(|_| was_over && outcome.is_none());
            changes.process = Some(Change { phase: next, outcome, memo: noted, deadline });
        }
        let is_cancelled = matches!(run.outcome, Some(crate::plan::Outcome::Cancelled { .. }));
        let revised = Revised {
            ready: changes.jobs.iter().any(|job| job.state == JobState::Ready),
            stopped: run.stopping.then_some(is_cancelled),
            ended: run.ended && phase != Phase::Ended,
        };
        (changes, revised)
    }
}

/// What is missing in a snapshot has succeeded or was skipped, or it has not become ready: which of them, follows from
/// what it waited for.
fn recall(plan: &Plan, run: &mut Run, rows: &HashMap<u32, JobRow>) {
    let mut waits: Vec<u32> = plan.nodes.iter().map(|node| node.waits_for).collect();
    // Dependents have greater numbers, so one pass sees everything before what follows it.
    for node in 0..plan.nodes.len() {
        let (number, record) = (u32::try_from(node).unwrap_or(u32::MAX), plan.nodes[node]);
        let is_missing = !rows.contains_key(&number);
        if is_missing && waits[node] == 0 {
            let started = plan.scopes[record.scope as usize].started as usize;
            // The hook that ends a scope runs after a failure, too, where the scope was begun.
            let has_run = match record.kind {
                NodeKind::Terminal => run.jobs[started].attempt > 0,
                _ => !run.jobs[node].poisoned,
            };
            let job = &mut run.jobs[node];
            job.state = if has_run { JobState::Succeeded } else { JobState::Skipped };
            job.waits_for = 0;
            // How many attempts it took is not known, but that there were some.
            job.attempt = u32::from(has_run);
        }
        if run.jobs[node].state.is_final() {
            for dependent in plan.dependents_of(number) {
                waits[*dependent as usize] = waits[*dependent as usize].saturating_sub(1);
            }
        }
    }
}

/// Whatever depends on a task that has failed will be skipped.
fn poison(plan: &Plan, run: &mut Run) {
    for node in 0..plan.nodes.len() {
        let has_failed = plan.nodes[node].kind == NodeKind::Task && run.jobs[node].state == JobState::Failed;
        run.jobs[node].poisoned |= has_failed;
        if run.jobs[node].poisoned {
            for dependent in plan.dependents_of(u32::try_from(node).unwrap_or(u32::MAX)) {
                run.jobs[*dependent as usize].poisoned = true;
            }
        }
    }
}

/// An error in the words of a store's row.
pub(super) fn poison_error(lost: u32) -> TaskError {
    let text = format!("{lost} workers died while they held the job");
    TaskError::of_kind(crate::words::error::TaskErrorKind::Poison, text)
}

#[cfg(test)]
mod tests {
    use super::super::detail::FAILED;
    use super::super::flat::tests::Timed;
    use super::*;
    use crate::backend::store::ProcessRow;
    use crate::{Arguments, ProcessBuilder};

    #[test]
    fn r15_what_goes_on_after_a_failure_has_all_of_its_time_again() {
        let plan = Arc::new(ProcessBuilder::<Timed>::new(Arguments::new()).build().unwrap().plan());
        let changed = |outcome: Option<u8>, goes_on: bool| {
            let phase = if outcome.is_some() { Phase::Ended } else { Phase::Flowing };
            let process = ProcessRow {
                key: 1,
                identifier: "p".to_owned(),
                definition: "timed".to_owned(),
                phase,
                outcome,
                memo: Vec::new(),
                paused: false,
                priority: 0,
                created_at: 0,
                ended_at: None,
            };
            let snapshot = Snapshot { process, jobs: Vec::new(), meetings: Vec::new() };
            let mut revision = Revision::new(&plan, &snapshot, "a store").unwrap();
            match goes_on {
                true => revision.turn().resume(),
                false => revision.turn().expire(),
            }
            revision.finish().0.process.and_then(|process| process.deadline)
        };
        assert_eq!(changed(Some(FAILED), true), Some(Duration::from_mins(5)));
        assert_eq!(changed(None, false), None);
    }
}
