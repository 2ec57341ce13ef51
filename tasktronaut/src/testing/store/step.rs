//! Steps of a chain: one end, and the claim of what it lets go, in one call. That is what workers do most, so a store may
//! take a shortcut there; the rules are the same.

use super::lab::{LONG, Lab, SHORT, fresh};
use super::shapes::{ROUTE, chain, release, retry, success, wrong};
use super::{CaseResult, Opener};
use crate::backend::WorkerId;
use crate::backend::store::{
    Change, Changes, End, Exchange, Fence, JobUpdate, Key, Phase, Recorded, Reviser, Snapshot, Store, Then,
};
use crate::plan::JobState;

/// Ends and asks for one job.
async fn step<O: Opener>(lab: &Lab<O>, worker: WorkerId, end: End) -> Result<Exchange, crate::BoxError> {
    lab.exchange(worker, vec![end], 1).await
}

/// Makes a step that must not be one: nothing of it is recorded, and nothing is claimed.
async fn refused<O: Opener>(lab: &Lab<O>, worker: WorkerId, end: End, answer: Recorded) -> CaseResult {
    let (fence, before) = (end.fence, jobs(lab, end.fence.key).await?);
    let exchange = step(lab, worker, end).await?;
    assert_eq!((exchange.recorded.as_slice(), exchange.claims.len()), ([answer].as_slice(), 0), "{fence:?}");
    assert_eq!(jobs(lab, fence.key).await?, before, "{fence:?}");
    Ok(())
}

async fn jobs<O: Opener>(lab: &Lab<O>, key: Key) -> Result<Vec<(u32, Fence, JobState)>, crate::BoxError> {
    let rows = lab.store.jobs(key).await?;
    let mut jobs: Vec<_> = rows.iter().map(|job| (job.fence.node, job.fence, job.state)).collect();
    jobs.sort_unstable_by_key(|job| job.0);
    Ok(jobs)
}

pub(super) async fn r4_another_nonce_or_attempt_is_lost<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    for fence in wrong(fence) {
        refused(&lab, worker, shape.success(fence), Recorded::Lost).await?;
    }
    assert_eq!(step(&lab, worker, shape.success(fence)).await?.claims[0].fence.node, 1);
    Ok(())
}

pub(super) async fn r4_a_late_end_is_lost_after_another_claim<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    lab.add(&shape).await?;
    let late = lab.worker_of(&[ROUTE], SHORT).await?;
    let fence = lab.claim_one(late).await?.fence;
    let worker = lab.worker().await?;
    lab.until("the lease is taken back", async || {
        Ok((lab.beat(worker, false).await?.reaped == 1).then_some(()))
    })
    .await?;
    let again = lab.claim_one(worker).await?.fence;
    refused(&lab, late, shape.success(fence), Recorded::Lost).await?;
    assert_eq!(step(&lab, worker, shape.success(again)).await?.claims[0].fence.node, 1);
    Ok(())
}

pub(super) async fn r4_what_was_never_claimed_cannot_end<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 4)).await?;
    // It knows the next job, but not this one, which waits for somebody.
    let worker = lab.worker_of(&[ROUTE + 1], LONG).await?;
    let mut next = release(1, false);
    next.route = ROUTE + 1;
    for nonce in [0, 1] {
        let fence = Fence { key, node: 0, attempt: 0, nonce };
        let then = Then { releases: vec![next.clone()], meetings: vec![] };
        refused(&lab, worker, End { then, ..success(fence) }, Recorded::Lost).await?;
    }
    Ok(())
}

pub(super) async fn r4_a_step_that_is_sent_again_counts_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let next = step(&lab, worker, shape.success(fence)).await?.claims[0].fence;
    refused(&lab, worker, shape.success(fence), Recorded::Done).await?;
    assert_eq!(lab.job(key, 1).await?.fence, next);
    Ok(())
}

pub(super) async fn r4_after_a_retry_the_old_fence_is_lost<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, retry(fence, LONG)).await?;
    refused(&lab, worker, shape.success(fence), Recorded::Lost).await
}

pub(super) async fn r12_outside_of_flowing_an_end_must_be_revised<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    for phase in [Phase::Careful, Phase::Stopping] {
        lab.set_phase(key, phase, None).await?;
        refused(&lab, worker, shape.success(fence), Recorded::Revise).await?;
    }
    Ok(())
}

pub(super) async fn r12_a_step_and_a_stop_do_not_pass_each_other_by<O: Opener>(lab: Lab<O>) -> CaseResult {
    let (worker, other) = (lab.worker().await?, lab.other().await?);
    for round in 0..20 {
        let shape = chain(&format!("album-{round}"), 4);
        let key = lab.add(&shape).await?;
        let fence = lab.claim_one(worker).await?.fence;
        let other = other.clone();
        let stop = tokio::spawn(async move {
            let stop = Change { phase: Phase::Stopping, outcome: Some(3), memo: vec![], deadline: None };
            let seen = |snapshot: &Snapshot| snapshot.jobs.iter().any(|job| job.fence.node == 1);
            let changes = Changes { process: Some(stop), ..Changes::default() };
            other.revise(key, Reviser::new(move |snapshot| Ok((changes, seen(snapshot))))).await
        });
        // With and without a claim.
        let recorded = lab.exchange(worker, vec![shape.success(fence)], round % 2).await?.recorded;
        let expected = if stop.await?? == Some(true) { Recorded::Done } else { Recorded::Revise };
        assert_eq!(recorded, [expected], "{round}");
        lab.store.delete(key, false).await?;
    }
    Ok(())
}

pub(super) async fn r3_what_was_begun_before_gets_another_attempt<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let before = JobUpdate { attempt: 4, failed: 2, ..fresh(1, JobState::Blocked) };
    lab.revise(key, super::lab::jobs(vec![before])).await?;
    let next = step(&lab, worker, shape.success(fence)).await?.claims.remove(0);
    assert_eq!((next.fence.node, next.fence.attempt, next.failed), (1, 5, 2));
    assert_ne!(next.fence.nonce, 0);
    Ok(())
}

pub(super) async fn what_follows_in_a_paused_process_is_held<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.store.pause_process(key, true).await?;
    let exchange = step(&lab, worker, shape.success(fence)).await?;
    assert_eq!((exchange.recorded.as_slice(), exchange.claims.len()), ([Recorded::Done].as_slice(), 0));
    assert_eq!(lab.job(key, 1).await?.state, JobState::Ready);
    Ok(())
}

pub(super) async fn r17_what_the_worker_does_not_know_is_left<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 4)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let mut next = release(1, false);
    next.route = ROUTE + 1;
    let then = Then { releases: vec![next], meetings: vec![] };
    let exchange = step(&lab, worker, End { then, ..success(fence) }).await?;
    assert_eq!((exchange.recorded.as_slice(), exchange.claims.len()), ([Recorded::Done].as_slice(), 0));
    assert_eq!(lab.job(key, 1).await?.state, JobState::Ready);
    Ok(())
}

pub(super) async fn r18_a_worker_that_has_left_claims_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    let (key, stopping) = (lab.add(&shape).await?, lab.add(&chain("stops", 4)).await?);
    let (gone, worker) = (lab.worker().await?, lab.worker().await?);
    let claims = lab.claim(gone, 2).await?;
    lab.set_phase(stopping, Phase::Stopping, Some(2)).await?;
    assert_eq!(lab.store.give_back(gone, None).await?.len(), 1);
    assert_eq!(claims.len(), 2);
    // The fence counts, whoever says it.
    let fence = lab.claim_one(worker).await?.fence;
    let exchange = step(&lab, gone, shape.success(fence)).await?;
    assert_eq!((exchange.recorded.as_slice(), exchange.claims.len()), ([Recorded::Done].as_slice(), 0));
    assert!(exchange.unknown);
    assert_eq!(lab.job(key, 1).await?.state, JobState::Ready);
    Ok(())
}

pub(super) async fn r6_what_was_ready_before_goes_first<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 4);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let before = lab.add(&chain("before", 4)).await?;
    lab.tick().await?;
    assert_eq!(step(&lab, worker, shape.success(fence)).await?.claims[0].fence.key, before);
    Ok(())
}

pub(super) async fn r10_what_is_due_does_not_wait_for_the_end_of_a_chain<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let length = 2_000;
    let shape = chain("album", length);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let mut fence = lab.claim_one(worker).await?.fence;
    let waits = lab.add(&chain("waits", 4)).await?;
    let first = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, retry(first, SHORT)).await?;
    // The last step of a chain is not what the others are.
    for _ in 2..length {
        fence = step(&lab, worker, shape.success(fence)).await?.claims[0].fence;
        if fence.key == waits {
            return Ok(());
        }
    }
    Err("the chain has come to its end before".into())
}
