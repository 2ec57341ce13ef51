//! Pausing: what is ready, or becomes ready, is held.

use std::time::Duration;

use super::lab::{LONG, Lab, SHORT, fresh, jobs};
use super::shapes::{ROUTE, chain, retry};
use super::{CaseResult, Opener};
use crate::backend::store::{Phase, Store};
use crate::plan::JobState;

pub(super) async fn a_paused_process_holds_what_is_ready<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    assert!(lab.store.pause_process(key, true).await?);
    assert!(lab.process("album").await?.paused);
    assert!(lab.claim(worker, 10).await?.is_empty());
    assert_eq!(lab.job(key, 0).await?.state, JobState::Ready);
    assert!(lab.store.pause_process(key, false).await?);
    assert!(!lab.process("album").await?.paused);
    assert_eq!(lab.claim_one(worker).await?.fence.key, key);
    Ok(())
}

pub(super) async fn what_becomes_ready_is_held_too<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 3);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.store.pause_process(key, true).await?;
    lab.end_well(worker, shape.success(fence)).await?;
    assert_eq!(lab.job(key, 1).await?.state, JobState::Ready);
    assert!(lab.claim(worker, 10).await?.is_empty());
    lab.store.pause_process(key, false).await?;
    assert_eq!(lab.claim_one(worker).await?.fence.node, 1);
    Ok(())
}

pub(super) async fn what_becomes_due_is_held_too<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.store.pause_process(key, true).await?;
    lab.end_well(worker, retry(fence, SHORT)).await?;
    for _ in 0..3 {
        lab.tick().await?;
        assert!(lab.claim(worker, 10).await?.is_empty());
    }
    lab.store.pause_process(key, false).await?;
    assert_eq!(lab.claim_soon(worker).await?.fence.attempt, 2);
    Ok(())
}

pub(super) async fn what_is_taken_back_is_held_too<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    lab.claim_one(worker).await?;
    lab.store.pause_process(key, true).await?;
    let other = lab.worker().await?;
    lab.until("it is taken back", async || Ok((lab.beat(other, false).await?.reaped == 1).then_some(())))
        .await?;
    assert!(lab.claim(other, 10).await?.is_empty());
    lab.store.pause_process(key, false).await?;
    assert_eq!(lab.claim_one(other).await?.fence.key, key);
    Ok(())
}

pub(super) async fn what_is_given_back_is_held_too<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.store.pause_process(key, true).await?;
    assert!(lab.store.give_back(worker, Some(vec![fence])).await?.is_empty());
    assert!(lab.claim(worker, 10).await?.is_empty());
    lab.store.pause_process(key, false).await?;
    assert_eq!(lab.claim_one(worker).await?.fence.attempt, 2);
    Ok(())
}

pub(super) async fn what_a_revision_makes_ready_is_held_too<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    lab.store.pause_process(key, true).await?;
    lab.revise(key, jobs(vec![fresh(5, JobState::Ready)])).await?;
    let worker = lab.worker().await?;
    assert!(lab.claim(worker, 10).await?.is_empty());
    assert_eq!(lab.job(key, 5).await?.state, JobState::Ready);
    lab.store.pause_process(key, false).await?;
    assert_eq!(lab.claim(worker, 10).await?.len(), 2);
    Ok(())
}

pub(super) async fn what_runs_goes_on<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let first = lab.claim_one(worker).await?.fence;
    let last = lab.exchange(worker, vec![shape.success(first)], 1).await?.claims[0].fence;
    lab.store.pause_process(key, true).await?;
    assert_eq!(lab.job(key, 1).await?.fence, last);
    lab.end_well(worker, shape.success(last)).await?;
    assert_eq!(lab.process("album").await?.phase, Phase::Ended);
    Ok(())
}

pub(super) async fn pausing_again_changes_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    assert!(lab.store.pause_process(key, false).await?);
    assert!(lab.store.pause_process(key, true).await?);
    assert!(lab.store.pause_process(key, true).await?);
    assert!(lab.claim(worker, 10).await?.is_empty());
    assert!(lab.store.pause_process(key, false).await?);
    assert_eq!(lab.claim(worker, 10).await?.len(), 1);
    Ok(())
}

pub(super) async fn other_processes_are_not_held<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(3).await?;
    lab.store.pause_process(keys[1], true).await?;
    let worker = lab.worker().await?;
    let mut claimed: Vec<u64> = lab.claim(worker, 10).await?.iter().map(|claim| claim.fence.key).collect();
    claimed.sort_unstable();
    assert_eq!(claimed, [keys[0], keys[2]]);
    Ok(())
}

pub(super) async fn there_is_no_such_process_to_pause<O: Opener>(lab: Lab<O>) -> CaseResult {
    assert!(!lab.store.pause_process(4_711, true).await?);
    assert!(!lab.store.pause_process(4_711, false).await?);
    Ok(())
}

pub(super) async fn paused_queues_are_seen_in_every_beat<O: Opener>(lab: Lab<O>) -> CaseResult {
    let (worker, other) = (lab.worker_of(&[], LONG).await?, lab.other().await?);
    assert!(lab.beat(worker, true).await?.paused.is_empty());
    for queue in ["slow", "night", "slow"] {
        lab.store.pause_queue(queue, true).await?;
    }
    let mut paused = other.beat(worker, false, 3).await?.paused;
    paused.sort();
    assert_eq!(paused, ["night", "slow"]);
    for queue in ["slow", "never"] {
        lab.store.pause_queue(queue, false).await?;
    }
    assert_eq!(lab.beat(worker, true).await?.paused, ["night"]);
    assert_eq!(other.paused_queues().await?, ["night"]);
    Ok(())
}

pub(super) async fn a_paused_process_that_waits_is_still_due<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2).with(|new| new.start_after = Duration::from_millis(2));
    let key = lab.add(&shape).await?;
    lab.store.pause_process(key, true).await?;
    let worker = lab.worker().await?;
    lab.tick().await?;
    assert!(lab.claim(worker, 1).await?.is_empty());
    lab.store.pause_process(key, false).await?;
    lab.claim_soon(worker).await?;
    Ok(())
}
