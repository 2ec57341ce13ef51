//! Jobs that wait for their time: retries, and processes that begin later (`R10`).

use std::time::Duration;

use super::lab::{LONG, Lab, SHORT};
use super::shapes::{chain, process, retry, success};
use super::{CaseResult, Opener};
use crate::backend::store::{End, How, Store};
use crate::plan::JobState;

pub(super) async fn r10_a_retry_waits_for_its_time<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, retry(fence, LONG)).await?;
    let exchange = lab.exchange(worker, vec![], 10).await?;
    assert!(exchange.claims.is_empty());
    let due = exchange.next_due.unwrap_or_default();
    assert!(due <= LONG && due + Duration::from_mins(5) > LONG, "{due:?}");
    let job = lab.job(key, 0).await?;
    assert_eq!((job.state, job.failed, job.undecoded, job.worker), (JobState::Waiting, 1, 0, None));
    assert_eq!(job.error.as_deref(), Some(b"it failed".as_slice()));
    assert!(job.due_at.unwrap_or_default() - lab.process("album").await?.created_at >= 3_600_000);
    Ok(())
}

pub(super) async fn r10_a_retry_is_claimed_when_its_time_has_come<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let pause = Duration::from_millis(30);
    lab.end_well(worker, retry(fence, pause)).await?;
    let waiting = lab.job(key, 0).await?;
    let again = lab.claim_soon(worker).await?;
    assert_eq!((again.fence.attempt, again.failed), (2, 1));
    let job = lab.job(key, 0).await?;
    assert_eq!((job.state, job.due_at), (JobState::Running, None));
    assert!(
        job.claimed_at >= waiting.due_at && waiting.due_at.is_some(),
        "by the store's clock it was not too early"
    );
    Ok(())
}

pub(super) async fn r10_next_due_is_the_first_of_all<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(3).await?;
    let worker = lab.worker().await?;
    let claims = lab.claim(worker, 3).await?;
    let pauses = [3 * LONG, LONG, 2 * LONG];
    let ends = claims.iter().zip(pauses).map(|(claim, pause)| retry(claim.fence, pause)).collect();
    let exchange = lab.exchange(worker, ends, 1).await?;
    let due = exchange.next_due.unwrap_or_default();
    assert!(due <= LONG && due + Duration::from_mins(5) > LONG, "{due:?}");
    Ok(())
}

pub(super) async fn r10_nothing_is_due_where_nothing_waits<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let exchange = lab.exchange(worker, vec![], 1).await?;
    assert_eq!(exchange.next_due, None);
    Ok(())
}

pub(super) async fn r17_a_job_that_is_put_back_counts_as_undecoded<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let end = End { how: How::PutBack(SHORT), error: Some(b"what?".to_vec()), ..success(fence) };
    lab.end_well(worker, end).await?;
    assert_eq!(lab.job(fence.key, 0).await?.error.as_deref(), Some(b"what?".as_slice()));
    let again = lab.claim_soon(worker).await?;
    assert_eq!((again.failed, again.undecoded, again.fence.attempt), (0, 1, 2));
    Ok(())
}

pub(super) async fn r9_failures_add_up<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    for number in 0..5 {
        let claim = lab.claim_soon(worker).await?;
        assert_eq!((claim.fence.attempt, claim.failed), (number + 1, number));
        lab.end_well(worker, retry(claim.fence, Duration::ZERO)).await?;
    }
    Ok(())
}

pub(super) async fn a_process_may_begin_later<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("later", 2).with(|new| new.start_after = LONG)).await?;
    let worker = lab.worker().await?;
    let exchange = lab.exchange(worker, vec![], 10).await?;
    assert!(exchange.claims.is_empty());
    assert!(exchange.next_due.is_some_and(|due| due <= LONG));
    assert_eq!(lab.job(key, 0).await?.state, JobState::Waiting);
    lab.add(&chain("soon", 2).with(|new| new.start_after = Duration::from_millis(5))).await?;
    let claim = lab.claim_soon(worker).await?;
    assert_eq!((claim.fence.attempt, claim.failed), (1, 0));
    assert_ne!(claim.fence.key, key);
    Ok(())
}

pub(super) async fn what_is_due_keeps_its_priority<O: Opener>(lab: Lab<O>) -> CaseResult {
    let (low, high) = (chain("low", 2), chain("high", 2).with(|new| new.priority = 9));
    let keys = [lab.add(&low).await?, lab.add(&high).await?];
    let worker = lab.worker().await?;
    let claims = lab.claim(worker, 2).await?;
    let ends = claims.iter().map(|claim| retry(claim.fence, SHORT)).collect();
    lab.exchange(worker, ends, 0).await?;
    lab.tick().await?;
    lab.tick().await?;
    assert_eq!(lab.claim_soon(worker).await?.fence.key, keys[1]);
    Ok(())
}

pub(super) async fn thousands_become_due<O: Opener>(lab: Lab<O>) -> CaseResult {
    let new = |number| {
        let mut new = process(&format!("due-{number}"), vec![]);
        new.start_after = SHORT;
        new
    };
    lab.add_all((0..2_500).map(new).collect()).await?;
    let worker = lab.worker().await?;
    let mut claimed = 0;
    lab.until("all have become ready", async || {
        claimed += lab.claim(worker, 5_000).await?.len();
        Ok((claimed == 2_500).then_some(()))
    })
    .await
}

pub(super) async fn r10_due_times_are_seen_by_another_program<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, retry(fence, SHORT)).await?;
    let other = lab.other().await?;
    let claim =
        lab.until("it is due", async || Ok(other.exchange(worker, vec![], 1).await?.claims.pop())).await?;
    assert_eq!(claim.fence.attempt, 2);
    Ok(())
}
