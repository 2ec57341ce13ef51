//! Many at the same time: clients of one server lose nothing and do nothing twice.

use std::collections::HashSet;

use tasktronaut::backend::WorkerId;
use tasktronaut::backend::redis::RedisStore;
use tasktronaut::backend::store::{Change, Changes, Phase, Recorded, Reviser, Snapshot, Store};
use tasktronaut::{BackendError, BoxError};

use crate::shapes::{CaseResult, add, claim, end, fan, single, worker};
use crate::{open, server};

/// Works until so many processes have ended, however the work is divided.
async fn work(
    store: RedisStore,
    worker: WorkerId,
    width: u32,
    wanted: usize,
) -> Result<Vec<u64>, BackendError> {
    let (mut ends, mut ended, mut idle) = (Vec::new(), Vec::new(), 0);
    while idle < 200 {
        let exchange = store.exchange(worker, std::mem::take(&mut ends), wanted).await?;
        assert!(exchange.recorded.iter().all(|recorded| *recorded == Recorded::Done));
        idle = if exchange.claims.is_empty() { idle + 1 } else { 0 };
        ends.extend(exchange.claims.iter().map(|claim| end(claim.fence, width)));
        ended.extend(exchange.ended);
        tokio::task::yield_now().await;
    }
    Ok(ended)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r5_two_clients_never_lose_a_join() -> CaseResult {
    const WIDTH: u32 = 7;
    if server().is_none() {
        return Ok(());
    }
    let (one, two) = (open("joins".to_owned()).await?, open("joins".to_owned()).await?);
    let processes: Vec<_> = (0..300).map(|number| fan(&number.to_string(), WIDTH)).collect();
    let count = one.enqueue(processes.into()).await?.len();
    let tasks = [
        tokio::spawn(work(one.clone(), worker(&one).await?, WIDTH, 3)),
        tokio::spawn(work(two.clone(), worker(&two).await?, WIDTH, 5)),
        tokio::spawn(work(two.clone(), worker(&two).await?, WIDTH, 1)),
    ];
    let mut ended = Vec::new();
    for task in tasks {
        ended.extend(task.await??);
    }
    assert_eq!(ended.len(), count);
    assert_eq!(ended.iter().collect::<HashSet<_>>().len(), count, "each has ended once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r3_claims_at_the_same_time_give_each_job_once() -> CaseResult {
    if server().is_none() {
        return Ok(());
    }
    let store = open("claims".to_owned()).await?;
    let processes: Vec<_> = (0..1_000).map(|number| single(&number.to_string())).collect();
    store.enqueue(processes.into()).await?;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = open("claims".to_owned()).await?;
        let worker = worker(&store).await?;
        tasks.push(tokio::spawn(async move {
            let mut keys = Vec::new();
            loop {
                let claims = claim(&store, worker, 17).await?;
                if claims.is_empty() {
                    return Ok::<_, BackendError>(keys);
                }
                keys.extend(claims.iter().map(|claim| (claim.fence.key, claim.fence.nonce)));
            }
        }));
    }
    let mut keys = Vec::new();
    for task in tasks {
        keys.extend(task.await??);
    }
    assert_eq!(keys.len(), 1_000);
    assert_eq!(keys.iter().map(|claim| claim.0).collect::<HashSet<_>>().len(), 1_000);
    assert!(keys.iter().all(|claim| claim.1 != 0));
    Ok(())
}

/// Ends of one process while another client revises it all the time: each count and each memo is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r5_revisions_and_exchanges_of_one_process_exclude_each_other() -> CaseResult {
    const WIDTH: u32 = 80;
    if server().is_none() {
        return Ok(());
    }
    let store = open("revised".to_owned()).await?;
    let key = add(&store, fan("album", WIDTH)).await?;
    let worker = worker(&store).await?;
    let first = claim(&store, worker, 1).await?[0].fence;
    let claims = store.exchange(worker, vec![end(first, WIDTH)], 100).await?.claims;
    let other = open("revised".to_owned()).await?;
    let reviser = tokio::spawn(async move {
        for _ in 0..100 {
            let count = |snapshot: &Snapshot| {
                let memo = vec![snapshot.process.memo.first().copied().unwrap_or_default() + 1];
                let process = Some(Change { phase: Phase::Flowing, outcome: None, memo, deadline: None });
                Ok((Changes { process, meetings: snapshot.meetings.clone(), jobs: Vec::new() }, ()))
            };
            other.revise(key, Reviser::new(count)).await?;
        }
        Ok::<_, BackendError>(())
    });
    for claim in claims {
        let exchange = store.exchange(worker, vec![end(claim.fence, WIDTH)], 0).await?;
        assert_eq!(exchange.recorded, [Recorded::Done]);
    }
    reviser.await??;
    assert_eq!(claim(&store, worker, 1).await?[0].fence.node, WIDTH + 1);
    assert_eq!(store.find("album").await?.map(|row| row.memo), Some(vec![100]));
    Ok::<_, BoxError>(())
}
