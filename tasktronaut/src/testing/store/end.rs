//! Ends: fences, and what an end makes of its job and its process.

use std::time::Duration;

use super::lab::{LONG, Lab, SHORT, fences};
use super::shapes::{ROUTE, chain, fan, release, retry, success, wrong};
use super::{CaseResult, Opener};
use crate::backend::store::{End, Exchange, Fence, How, Phase, Recorded, Release, Store, Then};
use crate::plan::JobState;

pub(super) async fn r5_a_success_is_recorded_with_its_time<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 3);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let claim = lab.claim_one(worker).await?;
    lab.end_well(worker, shape.success(claim.fence)).await?;
    let job = lab.job(key, 0).await?;
    assert_eq!((job.state, job.worker, job.fence.attempt), (JobState::Succeeded, None, 1));
    assert!(job.ended_at >= job.claimed_at && job.ended_at.is_some());
    Ok(())
}

pub(super) async fn r22_whether_something_is_left_to_others_is_told<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = fan("album", 2);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let claims = |exchange: &Exchange| fences(&exchange.claims);
    let first = lab.exchange(worker, vec![], 9).await?;
    assert!(!first.left_ready, "nothing has become ready");
    let two = lab.exchange(worker, vec![shape.success(claims(&first)[0])], 9).await?;
    assert!(!two.left_ready, "both were claimed");
    let none = lab.exchange(worker, vec![shape.success(claims(&two)[0])], 0).await?;
    assert!(!none.left_ready, "the other one is waited for");
    let met = lab.exchange(worker, vec![shape.success(claims(&two)[1])], 0).await?;
    assert!(met.left_ready, "what waited for both is ready");
    assert_eq!(lab.claim_one(worker).await?.fence.node, 3);
    // One more than is wanted, or for another route; and nothing that is held.
    let elsewhere = Release { route: ROUTE + 1, ..release(1, false) };
    let cases = [
        (vec![release(1, false), release(2, false)], false, true),
        (vec![elsewhere.clone()], false, true),
        (vec![release(1, false)], true, false),
    ];
    for (releases, is_paused, is_left) in cases {
        let identifier = format!("{releases:?} {is_paused}");
        let key = lab.add(&chain(&identifier, 1)).await?;
        let fence = lab.claim_one(worker).await?.fence;
        if is_paused {
            lab.store.pause_process(key, true).await?;
        }
        let end = End { then: Then { releases, meetings: vec![] }, ..success(fence) };
        assert_eq!(lab.exchange(worker, vec![end], 1).await?.left_ready, is_left, "{identifier}");
        lab.store.delete(key, false).await?;
    }
    lab.store.delete(key, false).await?;
    Ok(())
}

pub(super) async fn r5_a_success_releases_what_waited_for_it_alone<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 3);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let claim = lab.claim_one(worker).await?;
    assert!(lab.row(key, 1).await?.is_none());
    lab.end_well(worker, shape.success(claim.fence)).await?;
    let next = lab.job(key, 1).await?;
    assert_eq!((next.state, next.route, next.fence.attempt), (JobState::Ready, ROUTE, 0));
    assert!(lab.row(key, 2).await?.is_none());
    Ok(())
}

pub(super) async fn r5_a_release_has_a_route_of_its_own<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let claim = lab.claim_one(worker).await?;
    let mut other = release(1, false);
    other.route = 1 << 62;
    let then = Then { releases: vec![other], meetings: vec![] };
    lab.end_well(worker, End { then, ..success(claim.fence) }).await?;
    assert!(lab.claim(worker, 1).await?.is_empty());
    let stranger = lab.worker_of(&[1 << 62], LONG).await?;
    assert_eq!(lab.claim_one(stranger).await?.fence.node, 1);
    Ok(())
}

pub(super) async fn r6_a_chain_runs_in_its_order<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 50);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    assert_eq!(lab.work(worker, &shape).await?, (0..50).collect::<Vec<_>>());
    Ok(())
}

pub(super) async fn a_release_that_concludes_sets_the_outcome<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let claim = lab.claim_one(worker).await?;
    let exchange = lab.exchange(worker, vec![shape.success(claim.fence)], 0).await?;
    assert!(exchange.ended.is_empty());
    let row = lab.process("album").await?;
    assert_eq!((row.outcome, row.phase, row.ended_at), (Some(1), Phase::Flowing, None));
    Ok(())
}

pub(super) async fn the_last_end_ends_the_process<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let claim = lab.claim_one(worker).await?;
    let claim = lab.exchange(worker, vec![shape.success(claim.fence)], 1).await?.claims.remove(0);
    let exchange = lab.exchange(worker, vec![shape.success(claim.fence)], 0).await?;
    assert_eq!(
        (exchange.recorded.as_slice(), exchange.ended.as_slice()),
        ([Recorded::Done].as_slice(), [key].as_slice())
    );
    let row = lab.process("album").await?;
    assert_eq!((row.outcome, row.phase), (Some(1), Phase::Ended));
    assert!(row.ended_at >= Some(row.created_at));
    Ok(())
}

pub(super) async fn r4_another_nonce_or_attempt_is_lost<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    for fence in wrong(fence) {
        assert_eq!(lab.end(worker, success(fence)).await?, Recorded::Lost, "{fence:?}");
    }
    assert_eq!(lab.job(key, 0).await?.state, JobState::Running);
    Ok(())
}

pub(super) async fn r4_a_last_end_that_is_lost_ends_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 1);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let lost = Fence { nonce: fence.nonce ^ 1, ..fence };
    let exchange = lab.exchange(worker, vec![shape.success(lost)], 0).await?;
    assert_eq!((exchange.recorded.as_slice(), exchange.ended.len()), ([Recorded::Lost].as_slice(), 0));
    assert_eq!(lab.process("album").await?.phase, Phase::Flowing);
    assert_eq!(lab.exchange(worker, vec![shape.success(fence)], 0).await?.ended, [fence.key]);
    Ok(())
}

pub(super) async fn r4_of_an_unknown_process_or_job_is_lost<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    for fence in [Fence { key: key + 1_000, ..fence }, Fence { node: 1, ..fence }] {
        assert_eq!(lab.end(worker, success(fence)).await?, Recorded::Lost, "{fence:?}");
    }
    Ok(())
}

pub(super) async fn r4_what_was_never_claimed_cannot_end<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    // The row as it was enqueued has a nonce of zero, which stands for none.
    for nonce in [0, 1] {
        let fence = Fence { key, node: 0, attempt: 0, nonce };
        assert_eq!(lab.end(worker, success(fence)).await?, Recorded::Lost);
    }
    assert_eq!(lab.job(key, 0).await?.state, JobState::Ready);
    Ok(())
}

pub(super) async fn r4_an_end_that_is_sent_again_counts_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 3);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, shape.success(fence)).await?;
    // Its answer was lost, so that the worker does not know.
    lab.end_well(worker, shape.success(fence)).await?;
    assert_eq!(lab.end(worker, retry(fence, LONG)).await?, Recorded::Lost);
    assert_eq!(lab.job(key, 0).await?.state, JobState::Succeeded);
    assert_eq!(lab.store.jobs(key).await?.len(), 2);
    Ok(())
}

pub(super) async fn r4_an_end_twice_in_one_call_counts_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 3);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let exchange = lab.exchange(worker, vec![shape.success(fence), shape.success(fence)], 10).await?;
    assert_eq!(exchange.recorded, [Recorded::Done, Recorded::Done]);
    assert_eq!(exchange.claims.len(), 1);
    Ok(())
}

pub(super) async fn r4_after_a_retry_the_old_fence_is_lost<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, retry(fence, LONG)).await?;
    assert_eq!(lab.end(worker, success(fence)).await?, Recorded::Lost);
    assert_eq!(lab.job(key, 0).await?.state, JobState::Waiting);
    Ok(())
}

pub(super) async fn r4_a_retry_that_is_sent_again_counts_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, retry(fence, LONG)).await?;
    lab.end_well(worker, retry(fence, LONG)).await?;
    let job = lab.job(key, 0).await?;
    assert_eq!((job.state, job.failed), (JobState::Waiting, 1));
    Ok(())
}

pub(super) async fn r4_a_retry_that_is_sent_again_is_lost_even_when_it_is_due<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let (worker, idle) = (lab.worker().await?, lab.worker_of(&[ROUTE + 1], LONG).await?);
    let fence = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, retry(fence, Duration::ZERO)).await?;
    lab.until("it is ready again", async || {
        lab.claim(idle, 1).await?;
        Ok((lab.job(key, 0).await?.state == JobState::Ready).then_some(()))
    })
    .await?;
    for again in [retry(fence, Duration::ZERO), success(fence)] {
        assert_eq!(lab.end(worker, again).await?, Recorded::Lost);
    }
    assert_eq!(lab.claim_one(worker).await?.failed, 1);
    Ok(())
}

pub(super) async fn r4_a_late_end_counts_while_nobody_has_claimed_again<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let shape = chain("album", 2);
    let key = lab.add(&shape).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    let fence = lab.claim_one(worker).await?.fence;
    let other = lab.worker().await?;
    lab.until("the lease is taken back", async || {
        Ok((lab.beat(other, false).await?.reaped == 1).then_some(()))
    })
    .await?;
    assert_eq!(lab.job(key, 0).await?.state, JobState::Ready);
    lab.end_well(worker, shape.success(fence)).await?;
    assert_eq!(lab.job(key, 0).await?.state, JobState::Succeeded);
    let claims = lab.claim(other, 10).await?;
    assert_eq!(
        claims.iter().map(|claim| claim.fence.node).collect::<Vec<_>>(),
        [1],
        "the job itself is not offered again"
    );
    Ok(())
}

pub(super) async fn r4_a_late_end_is_lost_after_another_claim<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2);
    let key = lab.add(&shape).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    let fence = lab.claim_one(worker).await?.fence;
    let other = lab.worker().await?;
    lab.until("the lease is taken back", async || {
        Ok((lab.beat(other, false).await?.reaped == 1).then_some(()))
    })
    .await?;
    let again = lab.claim_one(other).await?.fence;
    assert_eq!(again.attempt, fence.attempt + 1);
    assert_eq!(lab.end(worker, shape.success(fence)).await?, Recorded::Lost);
    assert_eq!(lab.job(key, 0).await?.fence, again);
    lab.end_well(other, shape.success(again)).await?;
    Ok(())
}

pub(super) async fn r4_a_late_retry_counts_too<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    let fence = lab.claim_one(worker).await?.fence;
    let other = lab.worker().await?;
    lab.until("the lease is taken back", async || {
        Ok((lab.beat(other, false).await?.reaped == 1).then_some(()))
    })
    .await?;
    lab.end_well(worker, retry(fence, LONG)).await?;
    let job = lab.job(key, 0).await?;
    assert_eq!((job.state, job.failed, job.lost), (JobState::Waiting, 1, 1));
    assert!(lab.claim(other, 10).await?.is_empty());
    Ok(())
}

pub(super) async fn r4_a_lost_end_does_not_harm_the_others<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(3).await?;
    let worker = lab.worker().await?;
    let claims = lab.claim(worker, 3).await?;
    let mut ends: Vec<End> = claims.iter().map(|claim| success(claim.fence)).collect();
    ends[1].fence.nonce ^= 1;
    let exchange = lab.exchange(worker, ends, 0).await?;
    assert_eq!(exchange.recorded, [Recorded::Done, Recorded::Lost, Recorded::Done]);
    Ok(())
}

pub(super) async fn r14_a_hook_that_is_given_up_lets_the_process_go_on<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 3);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let end = End { how: How::GivenUp, error: Some(b"no".to_vec()), ..shape.success(fence) };
    let exchange = lab.exchange(worker, vec![end], 1).await?;
    assert_eq!(exchange.claims.len(), 1);
    let job = lab.job(key, 0).await?;
    assert_eq!(
        (job.state, job.worker, job.failed, job.error.as_deref()),
        (JobState::Failed, None, 1, Some(b"no".as_slice()))
    );
    assert!(job.ended_at.is_some());
    assert_eq!(lab.process("album").await?.phase, Phase::Flowing);
    Ok(())
}

pub(super) async fn r12_outside_of_flowing_an_end_must_be_revised<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 3);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    for phase in [Phase::Careful, Phase::Stopping] {
        lab.set_phase(key, phase, None).await?;
        for end in [shape.success(fence), retry(fence, Duration::ZERO)] {
            assert_eq!(lab.end(worker, end).await?, Recorded::Revise, "{phase:?}");
        }
        let job = lab.job(key, 0).await?;
        assert_eq!((job.fence, job.state, job.failed), (fence, JobState::Running, 0));
    }
    assert_eq!(lab.store.jobs(key).await?.len(), 1);
    Ok(())
}

pub(super) async fn r4_a_lost_end_is_lost_outside_of_flowing_too<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 3)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.set_phase(key, Phase::Stopping, Some(2)).await?;
    let fence = Fence { nonce: fence.nonce ^ 1, ..fence };
    assert_eq!(lab.end(worker, success(fence)).await?, Recorded::Lost);
    Ok(())
}

pub(super) async fn ends_that_must_be_revised_do_not_harm_the_others<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(3).await?;
    let worker = lab.worker().await?;
    let claims = lab.claim(worker, 3).await?;
    lab.set_phase(keys[0], Phase::Careful, None).await?;
    lab.add(&chain("next", 2)).await?;
    let ends = claims.iter().map(|claim| success(claim.fence)).collect();
    let exchange = lab.exchange(worker, ends, 5).await?;
    for (claim, recorded) in claims.iter().zip(exchange.recorded) {
        let expected = if claim.fence.key == keys[0] { Recorded::Revise } else { Recorded::Done };
        assert_eq!(recorded, expected);
    }
    assert_eq!(exchange.claims.len(), 1);
    Ok(())
}

pub(super) async fn r19_an_end_is_seen_by_another_program<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2);
    let key = lab.add(&shape).await?;
    let other = lab.other().await?;
    let worker = lab.worker().await?;
    lab.work(worker, &shape).await?;
    assert_eq!(other.find("album").await?.map(|row| row.phase), Some(Phase::Ended));
    assert!(other.jobs(key).await?.iter().all(|job| job.state == JobState::Succeeded));
    Ok(())
}
