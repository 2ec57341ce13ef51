//! Revisions: they see the whole process, and store exactly what they are told.

use std::time::Duration;

use super::lab::{LONG, Lab, SHORT, fresh, jobs, same};
use super::shapes::{ROUTE, chain, fan, meeting, process, release, retry, success};
use super::{CaseResult, Opener};
use crate::backend::BackendError;
use crate::backend::store::{Change, Changes, End, JobUpdate, Phase, Recorded, Reviser, Store, Then};
use crate::plan::JobState;

pub(super) async fn there_is_nothing_to_revise<O: Opener>(lab: Lab<O>) -> CaseResult {
    let answer = lab.store.revise(4_711, Reviser::new(|_| Ok((Changes::default(), "called")))).await?;
    assert_eq!(answer, None);
    Ok(())
}

pub(super) async fn a_snapshot_shows_the_process<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&fan("album", 4).with(|new| new.priority = 3)).await?;
    let snapshot = lab.snapshot(key).await?;
    let found = lab.process("album").await?;
    assert_eq!(format!("{:?}", snapshot.process), format!("{found:?}"));
    assert_eq!(format!("{:?}", snapshot.jobs), format!("{:?}", lab.store.jobs(key).await?));
    assert_eq!(snapshot.meetings, [(5, 4)]);
    Ok(())
}

pub(super) async fn a_snapshot_leaves_out_what_has_succeeded<O: Opener>(lab: Lab<O>) -> CaseResult {
    let states = [
        JobState::Ready,
        JobState::Waiting,
        JobState::Failed,
        JobState::Cancelled,
        JobState::Succeeded,
        JobState::Skipped,
    ];
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    lab.claim_one(worker).await?;
    lab.revise(key, jobs((1..).zip(states).map(|(node, state)| fresh(node, state)).collect())).await?;
    let mut kept: Vec<_> =
        lab.snapshot(key).await?.jobs.iter().map(|job| (job.fence.node, job.state)).collect();
    kept.sort_unstable_by_key(|job| job.0);
    let expected = [
        (0, JobState::Running),
        (1, JobState::Ready),
        (2, JobState::Waiting),
        (3, JobState::Failed),
        (4, JobState::Cancelled),
    ];
    assert_eq!(kept, expected);
    assert_eq!(lab.store.jobs(key).await?.len(), 7, "they are all kept");
    Ok(())
}

pub(super) async fn a_change_is_stored_as_it_is<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let memo: Vec<u8> = (0..=255).collect();
    let change = Change { phase: Phase::Careful, outcome: Some(2), memo: memo.clone(), deadline: None };
    lab.revise(key, Changes { process: Some(change), ..Changes::default() }).await?;
    let row = lab.process("album").await?;
    assert_eq!((row.phase, row.outcome, &row.memo, row.ended_at), (Phase::Careful, Some(2), &memo, None));
    let change = Change { phase: Phase::Flowing, outcome: None, memo: vec![], deadline: None };
    lab.revise(key, Changes { process: Some(change), ..Changes::default() }).await?;
    let row = lab.process("album").await?;
    assert_eq!((row.phase, row.outcome, row.memo.len()), (Phase::Flowing, None, 0));
    Ok(())
}

pub(super) async fn the_end_has_its_time_and_loses_it_again<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    lab.set_phase(key, Phase::Ended, Some(3)).await?;
    let row = lab.process("album").await?;
    assert!(row.ended_at >= Some(row.created_at));
    lab.set_phase(key, Phase::Stopping, Some(3)).await?;
    assert_eq!(lab.process("album").await?.ended_at, None);
    Ok(())
}

pub(super) async fn without_a_change_the_process_stays<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    lab.set_phase(key, Phase::Careful, Some(2)).await?;
    let before = format!("{:?}", lab.process("album").await?);
    lab.revise(key, jobs(vec![fresh(1, JobState::Skipped)])).await?;
    assert_eq!(format!("{:?}", lab.process("album").await?), before);
    Ok(())
}

pub(super) async fn a_job_is_stored_as_it_is<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let bytes: Vec<u8> = (0..=255).collect();
    for (node, state) in [(0, JobState::Failed), (8, JobState::Ready), (9, JobState::Cancelled)] {
        let update = JobUpdate {
            node,
            route: 11,
            state,
            due: None,
            attempt: 4,
            nonce: 0xFFFF_FFFF,
            failed: 3,
            lost: 2,
            undecoded: 1,
            event: Some(bytes.clone()),
            error: Some(bytes.iter().rev().copied().collect()),
        };
        lab.revise(key, jobs(vec![update.clone()])).await?;
        let job = lab.job(key, node).await?;
        assert_eq!(format!("{:?}", same(&job)), format!("{update:?}"));
        assert_eq!((job.fence.key, job.worker, job.due_at), (key, None, None));
        assert_eq!(job.ended_at.is_some(), state.is_final());
    }
    Ok(())
}

pub(super) async fn what_is_not_named_stays<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&fan("album", 4)).await?;
    let worker = lab.worker().await?;
    lab.claim_one(worker).await?;
    let before = format!("{:?}", lab.snapshot(key).await?);
    lab.revise(key, Changes::default()).await?;
    assert_eq!(format!("{:?}", lab.snapshot(key).await?), before);
    Ok(())
}

pub(super) async fn a_job_that_is_made_ready_is_claimed_with_its_event<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[12], LONG).await?;
    let hook = JobUpdate {
        route: 12,
        event: Some(b"failed".to_vec()),
        failed: 1,
        undecoded: 2,
        attempt: 5,
        ..fresh(1, JobState::Ready)
    };
    let process = Some(Change { phase: Phase::Stopping, outcome: Some(2), memo: vec![], deadline: None });
    lab.revise(key, Changes { process, jobs: vec![hook], meetings: vec![] }).await?;
    let claim = lab.claim_one(worker).await?;
    assert_eq!((claim.fence.node, claim.fence.attempt, claim.failed, claim.undecoded), (1, 6, 1, 2));
    assert_eq!(claim.event.as_deref(), Some(b"failed".as_slice()));
    Ok(())
}

pub(super) async fn r12_what_is_skipped_is_not_claimed<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    lab.revise(key, jobs(vec![fresh(0, JobState::Skipped)])).await?;
    let worker = lab.worker().await?;
    assert!(lab.claim(worker, 10).await?.is_empty());
    assert!(lab.job(key, 0).await?.ended_at.is_some());
    Ok(())
}

pub(super) async fn what_waits_is_due_after_its_time<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let wait = |due| JobUpdate { due: Some(due), attempt: 1, ..fresh(0, JobState::Waiting) };
    lab.revise(key, jobs(vec![wait(LONG)])).await?;
    let worker = lab.worker().await?;
    let exchange = lab.exchange(worker, vec![], 10).await?;
    assert!(exchange.claims.is_empty() && exchange.next_due.is_some_and(|due| due <= LONG));
    assert!(lab.job(key, 0).await?.due_at.is_some());
    lab.revise(key, jobs(vec![wait(SHORT)])).await?;
    assert_eq!(lab.claim_soon(worker).await?.fence.attempt, 2);
    Ok(())
}

pub(super) async fn what_still_runs_keeps_worker_and_lease<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let update = JobUpdate { lost: 1, ..same(&lab.job(key, 0).await?) };
    lab.revise(key, jobs(vec![update])).await?;
    let job = lab.job(key, 0).await?;
    assert_eq!((job.fence, job.state, job.worker, job.lost), (fence, JobState::Running, Some(worker), 1));
    assert_eq!(lab.beat(worker, false).await?.held, [fence]);
    lab.end_well(worker, success(fence)).await?;
    Ok(())
}

pub(super) async fn what_runs_no_longer_loses_worker_and_lease<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    lab.claim_one(worker).await?;
    let update = JobUpdate { state: JobState::Cancelled, ..same(&lab.job(key, 0).await?) };
    lab.revise(key, jobs(vec![update])).await?;
    assert_eq!(lab.job(key, 0).await?.worker, None);
    lab.tick().await?;
    lab.tick().await?;
    let beat = lab.beat(worker, true).await?;
    assert_eq!((beat.held.len(), beat.reaped, beat.expired.len()), (0, 0, 0));
    Ok(())
}

pub(super) async fn r4_with_a_nonce_of_zero_no_fence_holds<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.revise(key, jobs(vec![JobUpdate { attempt: 1, ..fresh(0, JobState::Ready) }])).await?;
    assert_eq!(lab.end(worker, success(fence)).await?, Recorded::Lost);
    assert_eq!(lab.claim_one(worker).await?.fence.attempt, 2);
    Ok(())
}

pub(super) async fn r5_a_meeting_that_is_set_counts_on_from_there<O: Opener>(lab: Lab<O>) -> CaseResult {
    let then = Then { releases: vec![release(2, false)], meetings: vec![] };
    let key = lab.add_all(vec![process("album", vec![meeting(1, 5, then)])]).await?[0];
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.revise(key, Changes { meetings: vec![(1, 1)], ..Changes::default() }).await?;
    assert_eq!(lab.snapshot(key).await?.meetings, [(1, 1)]);
    let then = Then { releases: vec![], meetings: vec![1] };
    lab.end_well(worker, End { then, ..success(fence) }).await?;
    assert_eq!(lab.claim_one(worker).await?.fence.node, 2, "what it lets go has not changed");
    Ok(())
}

pub(super) async fn r5_a_meeting_that_is_new_lets_nothing_go<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.revise(key, Changes { meetings: vec![(9, 1)], ..Changes::default() }).await?;
    assert_eq!(lab.snapshot(key).await?.meetings, [(9, 1)]);
    let then = Then { releases: vec![], meetings: vec![9] };
    lab.end_well(worker, End { then, ..success(fence) }).await?;
    assert!(lab.claim(worker, 10).await?.is_empty());
    Ok(())
}

pub(super) async fn an_error_changes_nothing_and_comes_back<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let answer = lab.store.revise(key, Reviser::new(|_| Err::<(Changes, ()), _>(BackendError::Closed))).await;
    assert!(matches!(answer, Err(BackendError::Closed)), "{answer:?}");
    let worker = lab.worker().await?;
    assert_eq!(lab.claim_one(worker).await?.fence.key, key);
    Ok(())
}

pub(super) async fn an_answer_comes_back<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let answer = lab
        .store
        .revise(key, Reviser::new(|snapshot| Ok((Changes::default(), snapshot.process.identifier.clone()))));
    assert_eq!(answer.await?.as_deref(), Some("album"));
    Ok(())
}

pub(super) async fn a_revision_may_be_large<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    lab.revise(key, jobs((0..5_000).map(|node| fresh(node, JobState::Cancelled)).collect())).await?;
    assert_eq!(lab.store.jobs(key).await?.len(), 5_000);
    assert_eq!(lab.snapshot(key).await?.jobs.len(), 5_000);
    let meetings = (0..5_000).map(|node| (node, 3)).collect();
    lab.revise(key, Changes { meetings, ..Changes::default() }).await?;
    assert_eq!(lab.snapshot(key).await?.meetings.len(), 5_000);
    Ok(())
}

pub(super) async fn r12_outside_of_flowing_ready_hooks_are_retried_by_revisions<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.set_phase(key, Phase::Stopping, Some(2)).await?;
    assert_eq!(lab.end(worker, retry(fence, Duration::ZERO)).await?, Recorded::Revise);
    let update = JobUpdate {
        state: JobState::Waiting,
        due: Some(SHORT),
        failed: 1,
        nonce: 0,
        ..same(&lab.job(key, 0).await?)
    };
    lab.revise(key, jobs(vec![update])).await?;
    let again = lab.claim_soon(worker).await?;
    assert_eq!((again.fence.attempt, again.failed), (2, 1));
    Ok(())
}

/// A job that was begun before its process went on after a failure.
fn begun_before(node: u32) -> JobUpdate {
    JobUpdate {
        attempt: 3,
        failed: 1,
        lost: 1,
        error: Some(b"broken".to_vec()),
        ..fresh(node, JobState::Blocked)
    }
}

pub(super) async fn a_blocked_job_with_a_row_is_released_with_its_counts<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    for wanted in [0, 10] {
        let identifier = format!("album-{wanted}");
        let shape = chain(&identifier, 2);
        let key = lab.add(&shape).await?;
        let worker = lab.worker().await?;
        let first = lab.claim_one(worker).await?.fence;
        lab.revise(key, jobs(vec![begun_before(1)])).await?;
        assert_eq!(lab.job(key, 1).await?.state, JobState::Blocked);
        assert!(lab.claim(worker, 10).await?.is_empty());
        let mut exchange = lab.exchange(worker, vec![shape.success(first)], wanted).await?;
        if wanted == 0 {
            assert_eq!(lab.job(key, 1).await?.state, JobState::Ready);
            exchange = lab.exchange(worker, vec![], 10).await?;
        }
        let claim = &exchange.claims[0];
        assert_eq!((claim.fence.node, claim.fence.attempt, claim.failed), (1, 4, 1));
        let job = lab.job(key, 1).await?;
        assert_eq!((job.state, job.fence, job.lost), (JobState::Running, claim.fence, 1));
        lab.end_well(worker, shape.success(claim.fence)).await?;
        assert_eq!(lab.process(&identifier).await?.phase, Phase::Ended);
    }
    Ok(())
}

pub(super) async fn a_blocked_job_with_a_row_is_released_by_its_meeting<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let shape = fan("album", 2);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let last = shape.new.meetings[0].node;
    lab.revise(key, jobs(vec![begun_before(last)])).await?;
    assert_eq!(lab.work(worker, &shape).await?.last(), Some(&last));
    let job = lab.job(key, last).await?;
    assert_eq!((job.state, job.fence.attempt, job.failed), (JobState::Succeeded, 4, 1));
    Ok(())
}
