//! The operations of workers: entering, and exchanging ends for claims.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use smallvec::smallvec;

use super::detail::event_from_bytes;
use super::flat::{at_least, end, routes_of};
use super::group::Answer;
use super::member::Member;
use super::revise::{Revised, Revision};
use super::{Durable, Wake, pass, sensible};
use crate::backend::record::{
    Claim, Claimed, ClaimedProcess, Finished, JobEnd, LostClaim, Membership, WorkerId,
};
use crate::backend::store::{
    ClaimRow, End, Fence, How, JobRow, Key, PlanRow, Recorded, Reviser, Store, Then,
};
use crate::backend::{BackendError, Exchanged};
use crate::plan::rules::Verdict;
use crate::plan::run::Ended;
use crate::plan::{JobState, NodeKind, Plan};
use crate::words::clock::instant;
use crate::words::error::{TaskError, TaskErrorKind};

/// How often the end of an attempt that must be revised is tried before it is left to its lease.
const TRIES: u32 = 5;

/// A claim that cannot be understood is tried again after this pause, perhaps by a newer program.
const PUT_OFF: Duration = Duration::from_mins(1);

/// What is done to a process while it is revised.
pub(super) struct Change<T>(Box<dyn FnOnce(&mut Revision) -> T + Send>);

impl<T> Change<T> {
    pub(super) fn new(change: impl FnOnce(&mut Revision) -> T + Send + 'static) -> Self {
        Self(Box::new(change))
    }
}

impl<S: Store> Durable<S> {
    pub(super) async fn enter(&self, worker: WorkerId, membership: Membership) -> Result<(), BackendError> {
        self.listen().await?;
        let member = Arc::new(Member::new(worker, membership));
        member.pause(self.inner.store.paused_queues().await?);
        self.enter_again(&member).await?;
        self.members().insert(worker, member);
        Ok(())
    }

    pub(super) async fn enter_again(&self, member: &Member) -> Result<(), BackendError> {
        let routes = routes_of(&member.membership, &member.paused());
        self.inner.store.join(member.worker, routes, member.membership.lease).await
    }

    pub(super) fn member(&self, worker: WorkerId) -> Result<Arc<Member>, BackendError> {
        self.members().get(&worker).cloned().ok_or(BackendError::Closed)
    }

    /// Records ends and claims jobs, for all threads of a worker that wait at this moment.
    pub(super) async fn exchange_together(
        &self,
        worker: WorkerId,
        finished: Vec<Finished>,
        wanted: usize,
    ) -> Answer {
        let member = match self.member(worker) {
            Ok(member) => member,
            Err(error) => return Err((error, finished)),
        };
        let group = self.group(worker);
        group.ask(finished, wanted, |finished, wanted| self.exchange_now(member, finished, wanted)).await
    }

    async fn exchange_now(&self, member: Arc<Member>, finished: Vec<Finished>, wanted: usize) -> Answer {
        let mut ends: Vec<(Arc<ClaimedProcess>, JobEnd)> = Vec::new();
        for group in finished {
            ends.extend(group.jobs.into_iter().map(|end| (Arc::clone(&group.process), end)));
        }
        let fences: Vec<Fence> = ends.iter().map(|(process, end)| fence_of(process.key, end)).collect();
        member.send(&fences);
        let answer = self.try_exchange(&member, ends, wanted).await;
        if answer.is_ok() {
            member.sent(&fences);
        }
        // After an error the callers have kept their ends.
        answer.map_err(|error| (error, Vec::new()))
    }

    async fn try_exchange(
        &self,
        member: &Arc<Member>,
        ends: Vec<(Arc<ClaimedProcess>, JobEnd)>,
        wanted: usize,
    ) -> Result<(Exchanged, Vec<Claimed>), BackendError> {
        let mut exchanged = Exchanged::default();
        let (mut flat, mut sent, mut special) = (Vec::new(), Vec::new(), Vec::new());
        for (process, end) in ends {
            match flat_end(&process, &end) {
                Some(row) => {
                    flat.push(row);
                    sent.push((process, end));
                }
                None => special.push((process, end)),
            }
        }
        // What must be revised goes first, so that what it makes ready can be claimed at once.
        exchanged.lost.extend(self.revise_ends(special).await?);
        if flat.is_empty() && wanted == 0 {
            return Ok((exchanged, Vec::new()));
        }
        let asked = instant();
        let answer = match self.inner.store.exchange(member.worker, flat, wanted).await {
            Err(BackendError::Corrupt { .. }) if !sent.is_empty() => {
                self.exchange_apart(member.worker, &sent, wanted).await?
            }
            answer => answer?,
        };
        member.abandon_overdue();
        // From here on their leases are this worker's, however long it takes until they are begun.
        member.hold(answer.claims.iter().map(|claim| claim.fence), asked);
        if answer.unknown && wanted > 0 {
            self.enter_again(member).await?;
            exchanged.more = true;
        }
        let mut special = Vec::new();
        for ((process, end), recorded) in sent.into_iter().zip(answer.recorded) {
            match recorded {
                Recorded::Done => {}
                Recorded::Lost => exchanged.lost.push(end.lost(&process)),
                Recorded::Revise => special.push((process, end)),
            }
        }
        let had_special = !special.is_empty();
        exchanged.lost.extend(self.revise_persistently(special).await);
        let claimed = self.claimed(member, answer.claims).await;
        exchanged.next_due = answer.next_due;
        exchanged.waiting = answer.next_due.is_some();
        // A store that was not asked for jobs has not looked whether there are any.
        exchanged.more |= answer.more || had_special || (wanted == 0 && answer.left_ready);
        for key in &answer.ended {
            member.forget(*key);
        }
        let mut wakes: Vec<Wake> = answer.ended.into_iter().map(Wake::Ended).collect();
        if answer.left_ready {
            wakes.push(Wake::Ready);
        }
        self.tell(&wakes);
        Ok((exchanged, claimed))
    }

    /// Ends that came up while claims were made, too: those claims must not be lost by an error.
    async fn revise_persistently(&self, ends: Vec<(Arc<ClaimedProcess>, JobEnd)>) -> Vec<LostClaim> {
        let mut tries = 0;
        loop {
            let kept = ends.iter().map(|(process, end)| (Arc::clone(process), end.clone())).collect();
            match self.revise_ends(kept).await {
                Ok(lost) => return lost,
                Err(error) if tries < TRIES => {
                    tracing::warn!(%error, "the end of an attempt could not be recorded; trying again");
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(50) * tries).await;
                }
                Err(error) => {
                    tracing::error!(%error, "the end of an attempt could not be recorded; its lease will run out");
                    return ends.iter().map(|(process, end)| end.lost(process)).collect();
                }
            }
        }
    }

    /// Records ends by the rules of the plan; the answer are those whose fence did not hold.
    async fn revise_ends(
        &self,
        ends: Vec<(Arc<ClaimedProcess>, JobEnd)>,
    ) -> Result<Vec<LostClaim>, BackendError> {
        let mut by_process: Vec<(Arc<ClaimedProcess>, Vec<JobEnd>)> = Vec::new();
        for (process, end) in ends {
            match by_process.iter_mut().find(|(known, _)| known.key == process.key) {
                Some((_, own)) => own.push(end),
                None => by_process.push((process, vec![end])),
            }
        }
        let mut lost = Vec::new();
        for (process, ends) in by_process {
            let kept = ends.clone();
            let change = move |revision: &mut Revision| {
                let mut lost = Vec::new();
                for (number, end) in ends.into_iter().enumerate() {
                    if !record(revision, end) {
                        lost.push(number);
                    }
                }
                lost
            };
            let missed = sensible(self.revise(process.key, &process.plan, Change::new(change)).await)?;
            // A process that is gone has no ends, and one that makes no sense takes none.
            let missed = missed.flatten().unwrap_or_else(|| (0..kept.len()).collect());
            lost.extend(missed.into_iter().map(|number| kept[number].lost(&process)));
        }
        Ok(lost)
    }

    /// Changes a process by the rules, and tells everyone whom it concerns; nothing when there is no such process.
    pub(super) async fn revise<T: Send + 'static>(
        &self,
        key: Key,
        plan: &Arc<Plan>,
        change: Change<T>,
    ) -> Result<Option<T>, BackendError> {
        let (plan, name) = (Arc::clone(plan), self.inner.store.capability().name);
        let revise = Reviser::new(move |snapshot| {
            let mut revision = Revision::new(&plan, snapshot, name)?;
            let result = (change.0)(&mut revision);
            pass("revising");
            let (changes, revised) = revision.finish();
            Ok((changes, (result, revised)))
        });
        let Some((result, revised)) = self.inner.store.revise(key, revise).await? else {
            return Ok(None);
        };
        pass("revised");
        self.tell_revised(key, revised);
        Ok(Some(result))
    }

    fn tell_revised(&self, key: Key, revised: Revised) {
        let mut wakes = Vec::new();
        if let Some(is_cancelled) = revised.stopped {
            for member in self.members().values() {
                member.stop(key, is_cancelled);
            }
            wakes.push(Wake::Stopping(key));
        }
        if revised.ready {
            wakes.push(Wake::Ready);
        }
        if revised.ended {
            wakes.push(Wake::Ended(key));
        }
        self.tell(&wakes);
    }

    /// The plans of processes; those that were enqueued here lately need not be read.
    async fn plans_of(&self, mut keys: Vec<Key>) -> Result<Vec<(Key, PlanRow)>, BackendError> {
        let mut plans = Vec::with_capacity(keys.len());
        {
            let mut recent = self.recent();
            keys.retain(|key| recent.take(*key).map(|row| plans.push((*key, row))).is_none());
        }
        if !keys.is_empty() {
            let rows = self.inner.store.plans(&keys).await?;
            plans.extend(keys.into_iter().zip(rows).filter_map(|(key, row)| Some((key, row?))));
        }
        Ok(plans)
    }

    /// The claims for the worker, in groups of one process; processes that it has not met are read first.
    ///
    /// What cannot be read now is left, and given back with the next signs of life.
    async fn claimed(&self, member: &Arc<Member>, claims: Vec<ClaimRow>) -> Vec<Claimed> {
        let mut keys: Vec<Key> = claims.iter().map(|claim| claim.fence.key).collect();
        keys.sort_unstable();
        keys.dedup();
        // In use until all claims are made, so that none of them is forgotten to make room for another.
        let (mut in_use, mut unread) = (Vec::with_capacity(keys.len()), Vec::new());
        for key in keys {
            match member.process(key) {
                Some(process) => in_use.push(process),
                None => unread.push(key),
            }
        }
        let plans = match self.plans_of(unread).await {
            Ok(plans) => plans,
            Err(error) => {
                tracing::error!(%error, "plans could not be read");
                member.let_go(claims.iter().map(|claim| claim.fence));
                return Vec::new();
            }
        };
        let mut unreadable: HashMap<Key, String> = HashMap::new();
        for (key, row) in plans {
            let find = |name: &str| member.membership.registry.load(name).ok();
            match Plan::from_bytes(&row.identifier, &row.plan, find) {
                Ok(plan) => {
                    let process = member.keep(key, Arc::new(plan));
                    self.watch_progress(key, &process);
                    in_use.push(process);
                }
                Err(reason) => drop(unreadable.insert(key, reason)),
            }
        }
        let mut claimed: Vec<Claimed> = Vec::new();
        let mut put_off = Vec::new();
        for row in claims {
            let (key, fence) = (row.fence.key, row.fence);
            if !member.holds(&fence) {
                // It was lost while something else kept this worker from beginning it.
                continue;
            }
            match understood(member, &unreadable, row) {
                Ok((process, claim)) => match claimed.last_mut() {
                    Some(group) if group.process.key == key => group.jobs.push(claim),
                    _ => claimed.push(Claimed { process, jobs: smallvec![claim] }),
                },
                Err(reason) => {
                    tracing::error!(
                        key,
                        node = fence.node,
                        reason,
                        "a claimed job makes no sense; it is put off"
                    );
                    member.let_go([fence]);
                    put_off.push(put_off_end(fence, reason));
                }
            }
        }
        if !put_off.is_empty()
            && let Err(error) = self.inner.store.exchange(member.worker, put_off, 0).await
        {
            tracing::error!(%error, "jobs that make no sense could not be put off");
        }
        for group in &mut claimed {
            group.jobs.reverse();
        }
        claimed
    }
}

fn fence_of(key: Key, end: &JobEnd) -> Fence {
    Fence { key, node: end.node, attempt: end.attempt, nonce: end.nonce }
}

pub(super) fn flat_end(process: &ClaimedProcess, job_end: &JobEnd) -> Option<End> {
    end(&process.plan, process.key, job_end)
}

/// Records one end by the rules; false when its fence does not hold (`R4`).
fn record(revision: &mut Revision, end: JobEnd) -> bool {
    let carries = |row: &&JobRow| row.fence.attempt == end.attempt && row.fence.nonce == end.nonce;
    let Some(row) = revision.row(end.node).filter(carries).filter(|_| end.nonce != 0) else { return false };
    let verdict = end.failure.as_ref().map(|failure| &failure.verdict);
    if is_settled(row.state, verdict) {
        // It is recorded already, and only the answer was lost.
        return true;
    }
    if revision.run.ended || !matches!(row.state, JobState::Running | JobState::Ready) {
        return false;
    }
    let node = end.node;
    let failure = end.failure.map(|failure| *failure);
    let was_undecoded =
        failure.as_ref().is_some_and(|failure| matches!(failure.verdict, Verdict::PutBack { .. }));
    if let Ended::Later(after) = revision.turn().end(node, failure) {
        revision.due(node, at_least(after));
        if was_undecoded {
            revision.budget(node, |row| row.undecoded = row.undecoded.saturating_add(1));
        }
    }
    true
}

/// Whether a job is in the state that the end of its last attempt leads to.
fn is_settled(state: JobState, verdict: Option<&Verdict>) -> bool {
    match verdict {
        None => state == JobState::Succeeded,
        Some(Verdict::Fail | Verdict::GiveUp) => state == JobState::Failed,
        Some(Verdict::Cancel) => state == JobState::Cancelled,
        Some(Verdict::Retry { .. } | Verdict::PutBack { .. }) => state == JobState::Waiting,
        Some(Verdict::NotBegun) => false,
    }
}

/// The claim of a row, and its process.
fn understood(
    member: &Member,
    unreadable: &HashMap<Key, String>,
    row: ClaimRow,
) -> Result<(Arc<ClaimedProcess>, Claim), String> {
    let Fence { key, node, attempt, nonce } = row.fence;
    if let Some(reason) = unreadable.get(&key) {
        return Err(format!("its plan cannot be read: {reason}"));
    }
    let process = member.process(key).ok_or("its process is gone")?;
    let kind = process.plan.nodes.get(node as usize).map(|record| record.kind);
    let process = match kind {
        Some(NodeKind::Task) => member.going_process(key).unwrap_or(process),
        Some(NodeKind::Started | NodeKind::Terminal) => process,
        Some(NodeKind::Join) | None => return Err("its plan has no such job".to_owned()),
    };
    let event = match row.event {
        None => None,
        Some(bytes) => Some(Box::new(event_from_bytes(&bytes).map_err(|error| error.to_string())?)),
    };
    Ok((process, Claim { node, attempt, failed: row.failed, undecoded: row.undecoded, nonce, event }))
}

fn put_off_end(fence: Fence, reason: String) -> End {
    let error = super::detail::error_to_bytes(&TaskError::of_kind(TaskErrorKind::BadPayload, reason));
    End { fence, how: How::PutBack(PUT_OFF), error: Some(error), then: Then::default(), last: false }
}
