//! The life of a worker in the eyes of its store: signs of life, what they bring to light, and leaving.

use std::sync::Arc;

use super::detail::Memo;
use super::revise::{Revision, poison_error};
use super::work::Change;
use super::{Durable, Wake, pass, sensible};
use crate::backend::BackendError;
use crate::backend::record::{ClaimedProcess, LostClaim, Pulse, WorkerId};
use crate::backend::store::{Fence, Key, Store};
use crate::definition::context::Level;
use crate::plan::rules::{JobFailure, Verdict};
use crate::plan::{JobState, NodeKind};
use crate::words::clock::instant;

impl<S: Store> Durable<S> {
    pub(super) async fn pulse(&self, worker: WorkerId, renew: bool) -> Result<Pulse, BackendError> {
        let member = self.member(worker)?;
        member.abandon_overdue();
        let lost = member.given_up();
        if !lost.is_empty() {
            tracing::warn!(%worker, "leases could not be renewed; what runs is given up");
            return Ok(Pulse { lost, ..Pulse::default() });
        }
        let (asked, before) = (instant(), member.held());
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
            for fence in self.inner.store.give_back(worker, Some(handed_back)).await? {
                let backend = self.clone();
                self.aside((fence.key, Some(fence.node)), async move { backend.give_back_one(fence).await });
            }
        }
        let released = released.into_iter().map(|(_, claim)| claim).collect();
        for (key, is_cancelled) in beat.stopping {
            // What took too long is dropped as after a cancellation, which only the process itself says (`R15`).
            let overdue = member.process(key).filter(|process| !is_cancelled && may_be_overdue(process));
            member.stop(key, is_cancelled);
            if let Some(process) = overdue {
                let (backend, member) = (self.clone(), Arc::clone(&member));
                self.aside((key, None), async move {
                    if backend.is_overdue(&process).await? {
                        member.stop(key, true);
                    }
                    Ok(())
                });
            }
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

    /// Whether a process that stops took too long, as a whole. A task may have taken too long by itself; what runs beside it
    /// may then finish (`R12`).
    async fn is_overdue(&self, process: &ClaimedProcess) -> Result<bool, BackendError> {
        let row = self.inner.store.find(process.plan.identifier()).await?;
        let Some(row) = row.filter(|row| row.key == process.key) else { return Ok(false) };
        let memo = Memo::from_bytes(&row.memo).unwrap_or_default();
        Ok(memo.has_failed_as_a_whole())
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
            let lost = row.lost.saturating_add(1);
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
            sensible(self.give_back_one(fence).await)?;
        }
        Ok(())
    }

    async fn give_back_one(&self, fence: Fence) -> Result<(), BackendError> {
        let Some(plan) = self.read_plan(fence.key).await? else { return Ok(()) };
        let change = move |revision: &mut Revision| {
            let holds = revision
                .row(fence.node)
                .is_some_and(|row| row.fence == fence && row.state == JobState::Running);
            if holds {
                revision.break_fence(fence.node);
                revision.turn().give_back(fence.node);
            }
        };
        self.revise(fence.key, &plan, Change::new(change)).await.map(drop)
    }

    pub(super) async fn depart(&self, worker: WorkerId) -> Result<Vec<LostClaim>, BackendError> {
        let Ok(member) = self.member(worker) else { return Ok(Vec::new()) };
        // Ends that are on their way are either recorded or not: nobody is told that they were given back, too.
        let group = self.group(worker);
        let _alone = group.alone().await;
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

/// Whether a process could have taken too long, and what runs of it is not dropped yet: that it stops it may have been
/// told already, by an announcement that does not say why.
fn may_be_overdue(process: &ClaimedProcess) -> bool {
    process.plan.policy.timeout.is_some() && process.session.signal.level() != Level::Drop
}

fn plan_kind(revision: &mut Revision, node: u32) -> NodeKind {
    revision.turn().plan.nodes[node as usize].kind
}
