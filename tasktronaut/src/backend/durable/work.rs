//! The operations of workers: entering, exchanging, signs of life, leaving.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smallvec::smallvec;
use tokio::task::JoinHandle;

use super::detail::event_from_bytes;
use super::flat::{at_least, end, routes_of};
use super::group::Answer;
use super::member::Member;
use super::revise::{Revised, Revision, poison_error};
use super::{Durable, House, Wake, pass};
use crate::backend::record::{
    Claim, Claimed, ClaimedProcess, Finished, JobEnd, LostClaim, Membership, Pulse, Unroutable, WorkerId,
};
use crate::backend::store::{ClaimRow, End, Fence, How, JobRow, Key, Recorded, Reviser, Store, Then};
use crate::backend::{BackendError, Exchanged};
use crate::definition::context::Level;
use crate::plan::rules::{JobFailure, Verdict};
use crate::plan::run::Ended;
use crate::plan::{JobState, NodeKind, Outcome, Plan};
use crate::words::error::{TaskError, TaskErrorKind};

/// How often the end of an attempt that must be revised is tried before it is left to its lease.
const TRIES: u32 = 5;

/// A claim that cannot be understood is tried again after this pause, perhaps by a newer program.
const PUT_OFF: Duration = Duration::from_mins(1);

/// How often what has ended long ago is removed, and what nobody can do is looked for; oftener where leases are short.
const HOUSEKEEPING: Duration = Duration::from_mins(1);

/// So many processes are removed at a time.
const SWEEP: usize = 1000;

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
        self.enter_again(&member).await?;
        self.members().insert(worker, member);
        Ok(())
    }

    async fn enter_again(&self, member: &Member) -> Result<(), BackendError> {
        let routes = routes_of(&member.membership, &member.paused());
        self.inner.store.join(member.worker, routes, member.membership.lease).await
    }

    fn member(&self, worker: WorkerId) -> Result<Arc<Member>, BackendError> {
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
        member.sent(&fences, answer.is_ok());
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
        let releases = flat.iter().any(|end| !end.then.releases.is_empty() || !end.then.meetings.is_empty());
        let asked = Instant::now();
        let answer = self.inner.store.exchange(member.worker, flat, wanted).await?;
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
        // A store that was not asked for jobs need not look whether there are any.
        exchanged.more |= answer.more || had_special || (wanted == 0 && releases);
        for key in &answer.ended {
            member.forget(*key);
        }
        let mut wakes: Vec<Wake> = answer.ended.into_iter().map(Wake::Ended).collect();
        if exchanged.more && releases {
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
            let missed = self.revise(process.key, &process.plan, Change::new(change)).await?;
            // A process that is gone has no ends.
            let missed = missed.unwrap_or_else(|| (0..kept.len()).collect());
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

    /// The claims for the worker, in groups of one process; processes that it has not met are read first.
    ///
    /// What cannot be read now is left, and given back with the next signs of life.
    async fn claimed(&self, member: &Arc<Member>, claims: Vec<ClaimRow>) -> Vec<Claimed> {
        let mut unread: Vec<Key> =
            claims.iter().map(|claim| claim.fence.key).filter(|key| member.process(*key).is_none()).collect();
        unread.sort_unstable();
        unread.dedup();
        let mut unreadable: HashMap<Key, String> = HashMap::new();
        if !unread.is_empty() {
            let rows = match self.inner.store.plans(&unread).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "plans could not be read");
                    member.let_go(claims.iter().map(|claim| claim.fence));
                    return Vec::new();
                }
            };
            for (key, row) in unread.into_iter().zip(rows) {
                let Some(row) = row else { continue };
                let find = |name: &str| member.membership.registry.load(name).ok();
                match Plan::from_bytes(&row.identifier, &row.plan, find) {
                    Ok(plan) => self.watch_progress(key, &member.keep(key, Arc::new(plan))),
                    Err(reason) => drop(unreadable.insert(key, reason)),
                }
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

    pub(super) async fn pulse(&self, worker: WorkerId, renew: bool) -> Result<Pulse, BackendError> {
        let member = self.member(worker)?;
        member.abandon_overdue();
        let lost = member.given_up();
        if !lost.is_empty() {
            tracing::warn!(%worker, "leases could not be renewed; what runs is given up");
            return Ok(Pulse { lost, ..Pulse::default() });
        }
        let (asked, before) = (Instant::now(), member.held());
        let max_lost = member.membership.max_lost;
        let beat = self.inner.store.beat(worker, renew, max_lost).await?;
        if renew {
            member.renewed(asked);
        }
        if beat.reaped > 0 {
            pass("recovered");
        }
        let (lost, released) = member.compare(&before, &beat.held);
        let mut handed_back: Vec<Fence> = released.iter().map(|(fence, _)| *fence).collect();
        handed_back.extend(member.strange(&beat.held));
        if !handed_back.is_empty() {
            let special = self.inner.store.give_back(worker, Some(handed_back)).await?;
            self.give_back_by_rule(special).await?;
        }
        let released = released.into_iter().map(|(_, claim)| claim).collect();
        for (key, is_cancelled) in beat.stopping {
            let is_over = is_cancelled || self.is_overdue(&member, key).await?;
            member.stop(key, is_over);
        }
        if member.pause(beat.paused) {
            self.enter_again(&member).await?;
        }
        if !beat.expired.is_empty() {
            pass("expiring");
        }
        for fence in beat.expired {
            let backend = self.clone();
            self.aside((fence.key, Some(fence.node)), async move { backend.expire(fence, max_lost).await });
        }
        for key in beat.overdue {
            let backend = self.clone();
            self.aside((key, None), async move { backend.overdue(key).await });
        }
        if beat.reaped > 0 {
            self.tell(&[Wake::Ready]);
        }
        let unroutable = self.keep_house(member.membership.lease).await;
        Ok(Pulse { lost, released, reaped: beat.reaped, unroutable })
    }

    /// Removes what has ended long ago (`R20`) and looks for what nobody can do (`R17`), now and then.
    ///
    /// That may take longer than a sign of life may, so it goes on by itself, and is told with a later one.
    async fn keep_house(&self, lease: Duration) -> Vec<Unroutable> {
        let done = self.house().take_if(|house| house.is_finished());
        if let Some(house) = done {
            match house.await {
                Ok(Ok(unroutable)) => return unroutable,
                Ok(Err(error)) => tracing::warn!(%error, "what has ended could not be removed"),
                // The worker that did it has gone.
                Err(_) => {}
            }
        }
        let mut house = self.house();
        if house.is_none() && self.is_time_to_clean(lease) {
            let own = self.clone();
            *house = Some(tokio::spawn(async move {
                own.inner.store.sweep(own.inner.retention, SWEEP).await?;
                own.unroutable().await
            }));
        }
        Vec::new()
    }

    fn house(&self) -> MutexGuard<'_, Option<JoinHandle<House>>> {
        self.inner.house.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a process that has failed took too long (`R15`): what runs of it is dropped as after a cancellation.
    async fn is_overdue(&self, member: &Member, key: Key) -> Result<bool, BackendError> {
        let Some(process) = member.process(key) else { return Ok(false) };
        if process.plan.policy.timeout.is_none() || process.session.signal.level() != Level::Run {
            return Ok(false);
        }
        let look = Change::new(|revision: &mut Revision| match &revision.run.outcome {
            Some(Outcome::Failed(failure)) => failure.error().kind() == TaskErrorKind::Timeout,
            _ => false,
        });
        Ok(self.revise(key, &process.plan, look).await?.unwrap_or(false))
    }

    /// Does something beside the signs of life, unless it is being done already: one process that somebody else holds
    /// must not hold up the leases of all others.
    fn aside(
        &self,
        what: (Key, Option<u32>),
        work: impl Future<Output = Result<(), BackendError>> + Send + 'static,
    ) {
        if !self.asides().insert(what) {
            return;
        }
        let aside = Aside { backend: self.clone(), what };
        tokio::spawn(async move {
            if let Err(error) = work.await {
                // It is seen again with the next sign of life.
                tracing::warn!(key = aside.what.0, %error, "what has run out could not be judged");
            }
        });
    }

    /// A process has taken too long (`R15`).
    async fn overdue(&self, key: Key) -> Result<(), BackendError> {
        if let Some(plan) = self.read_plan(key).await? {
            let expired = self.revise(key, &plan, Change::new(|revision| revision.turn().expire())).await?;
            // Its time is over: what waits for something is not waited for (`R15`).
            self.members().values().for_each(|member| member.stop(key, true));
            tracing::warn!(key, found = expired.is_some(), "a process took longer than its timeout");
        }
        Ok(())
    }

    /// A lease has run out that the rules must judge: too many workers were lost with the job, or its process stops.
    async fn expire(&self, fence: Fence, max_lost: u32) -> Result<(), BackendError> {
        let Some(plan) = self.read_plan(fence.key).await? else { return Ok(()) };
        let change = move |revision: &mut Revision| {
            let Some(row) = revision.row(fence.node).filter(|row| row.fence == fence) else { return };
            if row.state != JobState::Running {
                return;
            }
            let lost = row.lost + 1;
            revision.budget(fence.node, |row| row.lost = lost);
            let is_hook = plan_kind(revision, fence.node) != NodeKind::Task;
            if lost < max_lost {
                revision.turn().give_back(fence.node);
                return;
            }
            let error = Arc::new(poison_error(lost));
            let verdict = if is_hook { Verdict::GiveUp } else { Verdict::Fail };
            revision.break_fence(fence.node);
            revision.turn().end(fence.node, Some(JobFailure { error, verdict }));
        };
        self.revise(fence.key, &plan, Change::new(change)).await.map(drop)
    }

    /// Gives claims back by the rules: their processes stop, or have failures.
    async fn give_back_by_rule(&self, fences: Vec<Fence>) -> Result<(), BackendError> {
        for fence in fences {
            let Some(plan) = self.read_plan(fence.key).await? else { continue };
            let change = move |revision: &mut Revision| {
                let holds = revision
                    .row(fence.node)
                    .is_some_and(|row| row.fence == fence && row.state == JobState::Running);
                if holds {
                    revision.break_fence(fence.node);
                    revision.turn().give_back(fence.node);
                }
            };
            self.revise(fence.key, &plan, Change::new(change)).await?;
        }
        Ok(())
    }

    pub(super) async fn depart(&self, worker: WorkerId) -> Result<Vec<LostClaim>, BackendError> {
        let Ok(member) = self.member(worker) else { return Ok(Vec::new()) };
        // Renewed first, so that what is given back is surely this worker's.
        let held = self.inner.store.beat(worker, true, member.membership.max_lost).await?.held;
        let special = self.inner.store.give_back(worker, None).await?;
        self.give_back_by_rule(special).await?;
        let released = member.abandon();
        let released = released.into_iter().filter(|(fence, _)| held.contains(fence));
        let released = released.map(|(_, claim)| claim).collect();
        self.members().remove(&worker);
        self.groups().remove(&worker);
        self.tell(&[Wake::Ready]);
        Ok(released)
    }

    fn is_time_to_clean(&self, lease: Duration) -> bool {
        let mut cleaned = self.inner.cleaned.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = cleaned.is_none_or(|last| last.elapsed() >= HOUSEKEEPING.min(lease * 2));
        if is_time {
            *cleaned = Some(Instant::now());
        }
        is_time
    }

    /// What no worker can do which is there (`R17`).
    pub(super) async fn unroutable(&self) -> Result<Vec<Unroutable>, BackendError> {
        let mut found = Vec::new();
        for stray in self.inner.store.strays().await? {
            let (key, node) = stray.example;
            let Some(plan) = self.read_plan(key).await? else { continue };
            let Some(record) = plan.nodes.get(node as usize) else { continue };
            found.push(Unroutable {
                definition: plan.definition_of(record.scope).name().to_owned(),
                task: plan.task_name(node).map(str::to_owned),
                queue: plan.queue_of(node).to_owned(),
                jobs: stray.jobs,
            });
        }
        Ok(found)
    }
}

/// Something that is done beside the signs of life; dropped when it is over, however it went.
struct Aside<S: Store> {
    backend: Durable<S>,
    what: (Key, Option<u32>),
}

impl<S: Store> Drop for Aside<S> {
    fn drop(&mut self) {
        self.backend.asides().remove(&self.what);
    }
}

fn fence_of(key: Key, end: &JobEnd) -> Fence {
    Fence { key, node: end.node, attempt: end.attempt, nonce: end.nonce }
}

fn flat_end(process: &ClaimedProcess, job_end: &JobEnd) -> Option<End> {
    end(&process.plan, process.key, job_end)
}

fn plan_kind(revision: &mut Revision, node: u32) -> NodeKind {
    revision.turn().plan.nodes[node as usize].kind
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
            revision.budget(node, |row| row.undecoded += 1);
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
