//! The operations of clients: adding, cancelling, pausing, resuming, removing, looking.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::alike::alike;
use super::detail::{CANCELLED, COMPLETED, FAILED, Memo, error_from_bytes};
use super::flat::new_process;
use super::revise::Revision;
use super::work::Change;
use super::{Durable, MAX_PLAN_BYTES, Wake, pass, unknown};
use crate::backend::record::{
    CancelAnswer, Enqueued, JobStatus, ProcessFilter, ProcessPage, ProcessState, ProcessStatus,
    ProcessSummary, describe,
};
use crate::backend::store::{JobRow, Key, ListFilter, NewProcess, Phase, PlanRow, ProcessRow, Store, Stored};
use crate::backend::{BackendError, EnqueueError};
use crate::plan::{JobState, NodeKind, Outcome, Plan};

impl<S: Store> Durable<S> {
    pub(super) async fn enqueue_plans(&self, plans: Vec<Arc<Plan>>) -> Vec<Result<Enqueued, EnqueueError>> {
        let mut answers: Vec<Option<Result<Enqueued, EnqueueError>>> = Vec::with_capacity(plans.len());
        let mut rows = Vec::with_capacity(plans.len());
        for plan in &plans {
            match self.row_of(plan) {
                Ok(row) => {
                    rows.push(row);
                    answers.push(None);
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        pass("enqueue");
        let rows: Arc<[NewProcess]> = rows.into();
        let stored = match rows.is_empty() {
            true => Ok(Vec::new()),
            false => self.inner.store.enqueue(Arc::clone(&rows)).await,
        };
        let stored = match stored {
            Ok(stored) => stored,
            Err(error) => {
                let error = alike(error);
                let failed = |answer: Option<_>| answer.unwrap_or_else(|| Err(error().into()));
                return answers.into_iter().map(failed).collect();
            }
        };
        pass("enqueued");
        if !self.members().is_empty() {
            self.recent().keep(&rows, &stored);
        }
        let mut stored = stored.into_iter();
        let mut result = Vec::with_capacity(plans.len());
        for (plan, answer) in plans.iter().zip(answers) {
            // A refused process was never sent.
            result.push(match answer {
                Some(answer) => answer,
                None => match stored.next() {
                    Some(Stored::Created(_)) => Ok(Enqueued::Created),
                    Some(Stored::Known(key)) => self.compare(key, plan).await,
                    None => Err(EnqueueError::Backend(BackendError::Closed)),
                },
            });
        }
        self.tell(&[Wake::Ready]);
        result
    }

    /// The row of a process, within the limits (`R21`).
    pub(in crate::backend) fn row_of(&self, plan: &Plan) -> Result<NewProcess, EnqueueError> {
        let name = self.inner.store.capability().name;
        let bytes = plan.to_bytes().map_err(|source| BackendError::Store {
            backend: name,
            operation: "write a plan",
            source: source.into(),
        })?;
        if bytes.len() > MAX_PLAN_BYTES {
            let (identifier, bytes, limit) = (plan.identifier().to_owned(), bytes.len(), MAX_PLAN_BYTES);
            return Err(EnqueueError::PlanTooLarge { identifier, bytes, limit });
        }
        Ok(new_process(plan, bytes))
    }

    /// Whether a process that is there already is the same (`R2`).
    async fn compare(&self, key: Key, plan: &Plan) -> Result<Enqueued, EnqueueError> {
        existing(self.read_plan(key).await?.as_deref(), plan)
    }

    /// The same, where the known process has this row.
    #[cfg(feature = "postgres")]
    pub(in crate::backend) fn compare_with(
        &self,
        known: Option<PlanRow>,
        plan: &Plan,
    ) -> Result<Enqueued, EnqueueError> {
        existing(known.map(|row| self.plan_of(&row)).transpose()?.as_ref(), plan)
    }

    /// The plan of a process, as those read it who only look at it.
    pub(super) async fn read_plan(&self, key: Key) -> Result<Option<Arc<Plan>>, BackendError> {
        for member in self.members().values() {
            if let Some(process) = member.process(key) {
                return Ok(Some(Arc::clone(&process.plan)));
            }
        }
        let Some(Some(row)) = self.inner.store.plans(&[key]).await?.pop() else {
            return Ok(None);
        };
        Ok(Some(Arc::new(self.plan_of(&row)?)))
    }

    fn plan_of(&self, row: &PlanRow) -> Result<Plan, BackendError> {
        Plan::from_bytes(&row.identifier, &row.plan, |_| None).map_err(|reason| {
            let what = format!("the plan of `{}`", row.identifier);
            BackendError::Corrupt { backend: self.inner.store.capability().name, what, reason }
        })
    }

    pub(super) async fn row(&self, identifier: &str) -> Result<ProcessRow, BackendError> {
        self.inner.store.find(identifier).await?.ok_or_else(|| unknown(identifier))
    }

    pub(super) async fn cancel_process(
        &self,
        identifier: &str,
        reason: &str,
    ) -> Result<CancelAnswer, BackendError> {
        let ProcessRow { key, paused, .. } = self.row(identifier).await?;
        let plan = self.read_plan(key).await?.ok_or_else(|| unknown(identifier))?;
        let reason: Arc<str> = reason.into();
        let cancel = move |revision: &mut Revision| match &revision.run.outcome {
            Some(Outcome::Cancelled { .. }) => CancelAnswer::Cancelled,
            Some(outcome) => CancelAnswer::TooLate(outcome.clone()),
            None => {
                revision.turn().stop(Outcome::Cancelled { reason });
                CancelAnswer::Cancelled
            }
        };
        let answer =
            self.revise(key, &plan, Change::new(cancel)).await?.ok_or_else(|| unknown(identifier))?;
        pass("cancelled");
        if paused && matches!(answer, CancelAnswer::Cancelled) {
            // Only its hooks are left, and with them it ends.
            self.pause_process(identifier, false).await?;
        }
        Ok(answer)
    }

    pub(super) async fn resume_process(&self, identifier: &str) -> Result<(), BackendError> {
        let row = self.row(identifier).await?;
        let plan = self.read_plan(row.key).await?.ok_or_else(|| unknown(identifier))?;
        // Nothing changes in a process that has ended, so what is read now is there when it is revised.
        let jobs = self.inner.store.jobs(row.key).await?;
        let resume = move |revision: &mut Revision| {
            let has_failed = matches!(revision.run.outcome, Some(Outcome::Failed(_)));
            if !(has_failed && revision.run.ended) {
                return Err(ProcessState::of(revision.run.outcome.as_ref()));
            }
            revision.complete(jobs);
            revision.turn().resume();
            Ok(())
        };
        let resumed =
            self.revise(row.key, &plan, Change::new(resume)).await?.ok_or_else(|| unknown(identifier))?;
        resumed.map_err(|state| BackendError::not_to_go_on(identifier, state))
    }

    pub(super) async fn pause_process(&self, identifier: &str, paused: bool) -> Result<(), BackendError> {
        let key = self.row(identifier).await?.key;
        if !self.inner.store.pause_process(key, paused).await? {
            return Err(unknown(identifier));
        }
        if !paused {
            self.tell(&[Wake::Ready]);
        }
        Ok(())
    }

    pub(super) async fn delete_process(&self, identifier: &str) -> Result<(), BackendError> {
        let row = self.row(identifier).await?;
        if self.inner.store.delete(row.key, true).await? {
            return Ok(());
        }
        match self.inner.store.find(identifier).await? {
            Some(now) if now.key == row.key => {
                Err(BackendError::not_to_be_deleted(identifier, state_of(now.outcome)))
            }
            // Somebody else has removed it meanwhile, or this call itself, whose first answer was lost.
            _ => Ok(()),
        }
    }

    pub(super) async fn list_processes(&self, filter: &ProcessFilter) -> Result<ProcessPage, BackendError> {
        let size = filter.page_size();
        let wanted = ListFilter {
            definition: filter.definition.clone(),
            outcome: filter.state.map(|state| match state {
                ProcessState::Active => 0,
                ProcessState::Completed => COMPLETED,
                ProcessState::Failed => FAILED,
                ProcessState::Cancelled => CANCELLED,
            }),
            prefix: filter.prefix.clone(),
            after: filter.after,
            // One more tells whether there is another page.
            limit: size + 1,
        };
        let mut rows = self.inner.store.list(&wanted).await?;
        let next = if rows.len() > size { Some(rows[size - 1].key) } else { None };
        rows.truncate(size);
        let summary = |row: ProcessRow| ProcessSummary {
            identifier: row.identifier,
            definition: row.definition,
            state: state_of(row.outcome),
            ended: row.phase == Phase::Ended,
            paused: row.paused,
            created_at: time(Some(row.created_at)),
        };
        Ok(ProcessPage { processes: rows.into_iter().map(summary).collect(), next })
    }

    pub(super) async fn status_of(&self, identifier: &str) -> Result<ProcessStatus, BackendError> {
        let row = self.row(identifier).await?;
        let plan = self.read_plan(row.key).await?.ok_or_else(|| unknown(identifier))?;
        let jobs = self.inner.store.jobs(row.key).await?;
        self.show(&row, &plan, jobs)
    }

    /// A process as those see it who look at it.
    pub(super) fn show(
        &self,
        row: &ProcessRow,
        plan: &Plan,
        jobs: Vec<JobRow>,
    ) -> Result<ProcessStatus, BackendError> {
        let memo = Memo::from_bytes(&row.memo).map_err(|error| BackendError::Corrupt {
            backend: self.inner.store.capability().name,
            what: format!("the memo of `{}`", row.identifier),
            reason: error.to_string(),
        })?;
        let outcome = memo.outcome(row.outcome);
        // A job without a row has not become ready; when the process has stopped, it never will.
        let without_row = match (&outcome, row.phase) {
            (_, Phase::Flowing | Phase::Careful) => JobState::Blocked,
            (Some(Outcome::Cancelled { .. }), _) => JobState::Cancelled,
            _ => JobState::Skipped,
        };
        let mut by_node: HashMap<u32, JobRow> = jobs.into_iter().map(|job| (job.fence.node, job)).collect();
        let skipped = if row.phase == Phase::Careful { skipped(plan, &by_node) } else { HashSet::new() };
        let nodes = 0..u32::try_from(plan.nodes.len()).unwrap_or(u32::MAX);
        let jobs = nodes.filter_map(|node| {
            let job = by_node.remove(&node);
            // A terminal hook that is to be told that the process stops is still to come.
            let record = &plan.nodes[node as usize];
            let is_awaited =
                row.phase == Phase::Stopping && record.kind == NodeKind::Terminal && memo.tells(record.scope);
            let state = match &job {
                Some(job) => job.state,
                None if is_awaited => JobState::Blocked,
                None if skipped.contains(&node) => JobState::Skipped,
                None => without_row,
            };
            let mut status = describe(plan, node, state, memo.hook_of(plan, node))?;
            if let Some(job) = job {
                fill(&mut status, job);
            }
            Some(status)
        });
        Ok(ProcessStatus {
            identifier: row.identifier.clone(),
            definition: row.definition.as_str().into(),
            paused: row.paused,
            priority: row.priority,
            created_at: time(Some(row.created_at)),
            ended_at: time(row.ended_at),
            ended: row.phase == Phase::Ended,
            jobs: jobs.collect(),
            outcome,
        })
    }
}

/// What becomes of a plan whose identifier is that of a known one already (`R2`).
fn existing(known: Option<&Plan>, plan: &Plan) -> Result<Enqueued, EnqueueError> {
    match known {
        Some(known) if known.same_content(plan) => Ok(Enqueued::Existing),
        Some(_) => Err(EnqueueError::IdentifierConflict { identifier: plan.identifier().to_owned() }),
        None => Err(unknown(plan.identifier()).into()),
    }
}

/// What will never be begun because of a failure, in a process whose other jobs go on: what depends on the failure, once
/// everything that it waits for has ended. It has no row.
fn skipped(plan: &Plan, jobs: &HashMap<u32, JobRow>) -> HashSet<u32> {
    let mut waits_for: Vec<u32> = plan.nodes.iter().map(|node| node.waits_for).collect();
    let mut is_poisoned = vec![false; plan.nodes.len()];
    let mut skipped = HashSet::new();
    // Dependents have greater numbers, so one pass sees everything before what follows it.
    for (node, number) in (0_u32..).enumerate().take(plan.nodes.len()) {
        let kind = plan.nodes[node].kind;
        let has_ended = match jobs.get(&number) {
            Some(job) => {
                is_poisoned[node] |= kind == NodeKind::Task && job.state == JobState::Failed;
                job.state.is_final()
            }
            None => waits_for[node] == 0 && (is_poisoned[node] || kind == NodeKind::Join),
        };
        if has_ended && !jobs.contains_key(&number) {
            skipped.insert(number);
        }
        for dependent in plan.dependents_of(number) {
            is_poisoned[*dependent as usize] |= is_poisoned[node];
            waits_for[*dependent as usize] -= u32::from(has_ended);
        }
    }
    skipped
}

fn fill(status: &mut JobStatus, job: JobRow) {
    status.attempt = job.fence.attempt;
    status.failed = job.failed;
    status.lost = job.lost;
    status.error = job.error.map(|error| Arc::new(error_from_bytes(&error)));
    status.started_at = time(job.claimed_at);
    status.ended_at = time(job.ended_at);
}

fn state_of(outcome: Option<u8>) -> ProcessState {
    match outcome {
        None => ProcessState::Active,
        Some(FAILED) => ProcessState::Failed,
        Some(CANCELLED) => ProcessState::Cancelled,
        Some(_) => ProcessState::Completed,
    }
}

fn time(milliseconds: Option<i64>) -> Option<SystemTime> {
    let milliseconds = u64::try_from(milliseconds?).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
}
