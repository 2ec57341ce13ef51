//! Revisions exclude everybody else: what comes in between would be undone, or would undo.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lab::{LONG, Lab, SHORT, jobs, same};
use super::shapes::{ROUTE, chain, fan};
use super::{CaseResult, Opener};
use crate::backend::BackendError;
use crate::backend::store::{Change, Changes, Key, Phase, Reviser, Snapshot, Store};
use crate::plan::JobState;

pub(super) async fn revisions_exclude_each_other<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let stores = [lab.store.clone(), lab.other().await?];
    let mut tasks = Vec::new();
    for number in 0..4 {
        let store = stores[number % 2].clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..15 {
                let count = |snapshot: &Snapshot| {
                    let count = snapshot.process.memo.first().copied().unwrap_or_default();
                    let process = Change {
                        phase: Phase::Flowing,
                        outcome: None,
                        memo: vec![count + 1],
                        deadline: None,
                    };
                    Ok((Changes { process: Some(process), ..Changes::default() }, ()))
                };
                store.revise(key, Reviser::new(count)).await?;
            }
            Ok::<_, BackendError>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    assert_eq!(lab.process("album").await?.memo, [60]);
    Ok(())
}

pub(super) async fn revisions_exclude_exchanges<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = fan("album", 60);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let first = lab.claim_one(worker).await?.fence;
    let claims = lab.exchange(worker, vec![shape.success(first)], 100).await?.claims;
    let other = lab.other().await?;
    // Sets the meeting to what it is: that loses a count if an exchange comes in between.
    let reviser = tokio::spawn(async move {
        for _ in 0..60 {
            let keep = |snapshot: &Snapshot| {
                Ok((Changes { meetings: snapshot.meetings.clone(), ..Changes::default() }, ()))
            };
            other.revise(key, Reviser::new(keep)).await?;
        }
        Ok::<_, BackendError>(())
    });
    for claim in claims {
        lab.end_well(worker, shape.success(claim.fence)).await?;
    }
    reviser.await??;
    assert_eq!(lab.claim_one(worker).await?.fence.node, 61);
    Ok(())
}

/// Revises a process all the time, until it is told that it is over: its jobs are set to what they are. That undoes
/// whatever comes in between.
fn revise_on<S: Store>(
    store: S,
    key: Key,
    over: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<Result<(), BackendError>> {
    let over = Arc::clone(over);
    tokio::spawn(async move {
        while !over.load(Ordering::SeqCst) {
            let keep = |snapshot: &Snapshot| Ok((jobs(snapshot.jobs.iter().map(same).collect()), ()));
            store.revise(key, Reviser::new(keep)).await?;
        }
        Ok(())
    })
}

pub(super) async fn r8_revisions_exclude_recovery<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let (worker, idle) = (lab.worker_of(&[ROUTE], SHORT).await?, lab.worker_of(&[ROUTE + 1], LONG).await?);
    let over = Arc::default();
    let reviser = revise_on(lab.other().await?, key, &over);
    for lost in 1..=20 {
        lab.claim_soon(worker).await?;
        lab.until("the lease is taken back", async || {
            Ok((lab.store.beat(idle, false, 100).await?.reaped == 1).then_some(()))
        })
        .await?;
        assert_eq!(lab.job(key, 0).await?.lost, lost);
    }
    over.store(true, Ordering::SeqCst);
    Ok(reviser.await??)
}

pub(super) async fn r18_revisions_exclude_giving_back<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let over = Arc::default();
    let reviser = revise_on(lab.other().await?, key, &over);
    for attempt in 1..=20 {
        let fence = lab.claim_soon(worker).await?.fence;
        assert_eq!(fence.attempt, attempt);
        assert!(lab.store.give_back(worker, Some(vec![fence])).await?.is_empty());
        assert_eq!(lab.job(key, 0).await?.state, JobState::Ready);
    }
    over.store(true, Ordering::SeqCst);
    Ok(reviser.await??)
}
