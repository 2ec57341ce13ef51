//! Claiming: what is claimed, by whom, and in which order.

use std::collections::HashSet;
use std::time::Duration;

use super::lab::{LONG, Lab, SHORT, fences};
use super::shapes::{ROUTE, chain, process, retry, success};
use super::{CaseResult, Opener};
use crate::backend::WorkerId;
use crate::backend::store::{Recorded, Store};
use crate::plan::JobState;

pub(super) async fn r3_a_claim_raises_the_attempt<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let first = lab.claim_one(worker).await?;
    assert_eq!((first.fence.attempt, first.failed, first.undecoded), (1, 0, 0));
    lab.end_well(worker, retry(first.fence, Duration::ZERO)).await?;
    let second = lab.claim_soon(worker).await?;
    assert_eq!((second.fence.attempt, second.failed, second.undecoded), (2, 1, 0));
    Ok(())
}

pub(super) async fn r3_nonces_are_random_and_not_zero<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(200).await?;
    let worker = lab.worker().await?;
    let claims = lab.claim(worker, 200).await?;
    let nonces: HashSet<u32> = claims.iter().map(|claim| claim.fence.nonce).collect();
    assert_eq!(claims.len(), 200);
    assert!(!nonces.contains(&0));
    assert!(nonces.len() > 195, "{} different nonces", nonces.len());
    Ok(())
}

pub(super) async fn r3_a_claim_is_seen_in_the_row<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let claim = lab.claim_one(worker).await?;
    let job = lab.job(key, 0).await?;
    assert_eq!((job.fence, job.state, job.worker), (claim.fence, JobState::Running, Some(worker)));
    assert!(job.claimed_at >= Some(lab.process("album").await?.created_at));
    assert_eq!((claim.event, job.ended_at), (None, None));
    Ok(())
}

pub(super) async fn r3_a_job_is_claimed_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let (first, second) = (lab.worker().await?, lab.worker().await?);
    assert_eq!(lab.claim(first, 10).await?.len(), 1);
    assert!(lab.claim(second, 10).await?.is_empty());
    assert!(lab.claim(first, 10).await?.is_empty());
    Ok(())
}

pub(super) async fn r3_claims_at_the_same_time_share_the_jobs<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(400).await?;
    let stores = [lab.store.clone(), lab.other().await?];
    let mut tasks = Vec::new();
    for number in 0..6 {
        let (store, worker) = (stores[number % 2].clone(), lab.worker().await?);
        tasks.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            let mut idle = 0;
            // Jobs that another one is claiming are passed over, so that one empty answer does not mean the end.
            while idle < 20 {
                let claims = store.exchange(worker, vec![], 7).await?.claims;
                idle = if claims.is_empty() { idle + 1 } else { 0 };
                mine.extend(fences(&claims));
            }
            Ok::<_, crate::BackendError>(mine)
        }));
    }
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.extend(task.await??.into_iter().map(|fence| fence.key));
    }
    assert_eq!(claimed.len(), 400);
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 400);
    Ok(())
}

pub(super) async fn r4_the_fence_counts_and_not_the_worker<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2);
    lab.add(&shape).await?;
    let claim = lab.claim_one(lab.worker().await?).await?;
    assert_eq!(lab.end(WorkerId::random(), shape.success(claim.fence)).await?, Recorded::Done);
    Ok(())
}

pub(super) async fn r17_a_worker_claims_jobs_of_its_routes_only<O: Opener>(lab: Lab<O>) -> CaseResult {
    let mut processes = Vec::new();
    for route in 1..=4_u64 {
        let mut new = process(&format!("of-{route}"), vec![]);
        new.first.route = route;
        processes.push(new);
    }
    let keys = lab.add_all(processes).await?;
    let worker = lab.worker_of(&[2, 4, 99], LONG).await?;
    let mut claimed: Vec<u64> = lab.claim(worker, 10).await?.iter().map(|claim| claim.fence.key).collect();
    claimed.sort_unstable();
    assert_eq!(claimed, [keys[1], keys[3]]);
    Ok(())
}

pub(super) async fn r17_a_worker_without_routes_claims_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[], LONG).await?;
    let exchange = lab.exchange(worker, vec![], 10).await?;
    assert!(exchange.claims.is_empty() && !exchange.unknown);
    Ok(())
}

pub(super) async fn a_worker_can_have_many_routes<O: Opener>(lab: Lab<O>) -> CaseResult {
    let routes: Vec<u64> = (0..2_000).map(|route| route * 1_000_003).collect();
    let mut processes = Vec::new();
    for route in routes.iter().step_by(100) {
        let mut new = process(&format!("of-{route}"), vec![]);
        new.first.route = *route;
        processes.push(new);
    }
    lab.add_all(processes).await?;
    let worker = lab.worker_of(&routes, LONG).await?;
    assert_eq!(lab.claim(worker, 100).await?.len(), 20);
    Ok(())
}

pub(super) async fn joining_again_replaces_the_routes<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[1, 2], LONG).await?;
    assert!(lab.claim(worker, 10).await?.is_empty());
    // By another program, too: what is kept of the routes elsewhere must not be older.
    lab.other().await?.join(worker, vec![ROUTE], LONG).await?;
    let claim = lab.claim_one(worker).await?;
    lab.store.join(worker, vec![1], LONG).await?;
    lab.end_well(worker, retry(claim.fence, Duration::ZERO)).await?;
    assert!(lab.claim(worker, 10).await?.is_empty());
    Ok(())
}

pub(super) async fn r6_higher_priority_goes_first<O: Opener>(lab: Lab<O>) -> CaseResult {
    let priorities = [0, 5, -7, i16::MAX, 5, i16::MIN, 1];
    for (number, priority) in priorities.into_iter().enumerate() {
        lab.add(&chain(&number.to_string(), 2).with(|new| new.priority = priority)).await?;
    }
    let worker = lab.worker().await?;
    let mut claimed = Vec::new();
    for _ in priorities {
        let key = lab.claim(worker, 1).await?.first().map(|claim| claim.fence.key);
        let rows = lab.store.list(&super::list::everything()).await?;
        claimed.extend(rows.iter().find(|row| Some(row.key) == key).map(|row| row.priority));
    }
    assert_eq!(claimed, [i16::MAX, 5, 5, 1, 0, -7, i16::MIN]);
    Ok(())
}

pub(super) async fn r6_what_was_ready_first_goes_first<O: Opener>(lab: Lab<O>) -> CaseResult {
    let mut keys = Vec::new();
    // Routes that go the other way, so that an order by routes would show.
    for route in (1..=5_u64).rev() {
        keys.push(lab.add(&chain(&route.to_string(), 2).with(|new| new.first.route = route)).await?);
        lab.tick().await?;
    }
    let worker = lab.worker_of(&[1, 2, 3, 4, 5], LONG).await?;
    let mut claimed = Vec::new();
    for _ in 0..5 {
        claimed.extend(lab.claim(worker, 1).await?.iter().map(|claim| claim.fence.key));
    }
    assert_eq!(claimed, keys);
    Ok(())
}

pub(super) async fn r6_those_that_are_claimed_together_are_the_first_ones<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let first = lab.add(&chain("first", 2)).await?;
    lab.tick().await?;
    let second = lab.add(&chain("second", 2)).await?;
    lab.tick().await?;
    lab.add(&chain("third", 2)).await?;
    let worker = lab.worker().await?;
    let mut claimed: Vec<u64> = lab.claim(worker, 2).await?.iter().map(|claim| claim.fence.key).collect();
    claimed.sort_unstable();
    assert_eq!(claimed, [first, second]);
    Ok(())
}

pub(super) async fn wanted_is_the_limit_and_more_tells_of_the_rest<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(10).await?;
    let worker = lab.worker().await?;
    let exchange = lab.exchange(worker, vec![], 4).await?;
    assert_eq!((exchange.claims.len(), exchange.more), (4, true));
    let exchange = lab.exchange(worker, vec![], 100).await?;
    assert_eq!((exchange.claims.len(), exchange.more), (6, false));
    Ok(())
}

pub(super) async fn wanted_zero_claims_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let exchange = lab.exchange(worker, vec![], 0).await?;
    assert!(exchange.claims.is_empty() && exchange.recorded.is_empty());
    assert_eq!(lab.job(key, 0).await?.state, JobState::Ready);
    Ok(())
}

pub(super) async fn an_unknown_worker_claims_nothing_and_is_told<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let exchange = lab.exchange(WorkerId::random(), vec![], 10).await?;
    assert!(exchange.claims.is_empty() && exchange.unknown);
    assert_eq!(lab.job(key, 0).await?.state, JobState::Ready);
    let known = lab.worker().await?;
    assert!(!lab.exchange(known, vec![], 10).await?.unknown);
    Ok(())
}

pub(super) async fn an_unknown_workers_ends_are_recorded<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let claim = lab.claim_one(lab.worker().await?).await?;
    let exchange = lab.exchange(WorkerId::random(), vec![success(claim.fence)], 10).await?;
    assert_eq!((exchange.recorded.as_slice(), exchange.unknown), ([Recorded::Done].as_slice(), true));
    assert_eq!(lab.job(key, 0).await?.state, JobState::Succeeded);
    Ok(())
}

pub(super) async fn what_an_exchange_releases_it_can_claim<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 3);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let claim = lab.claim_one(worker).await?;
    let exchange = lab.exchange(worker, vec![shape.success(claim.fence)], 1).await?;
    assert_eq!(exchange.recorded, [Recorded::Done]);
    assert_eq!(exchange.claims.iter().map(|claim| claim.fence.node).collect::<Vec<_>>(), [1]);
    Ok(())
}

pub(super) async fn a_lease_may_be_as_short_as_it_likes<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(2).await?;
    for lease in [Duration::ZERO, SHORT] {
        let worker = lab.worker_of(&[ROUTE], lease).await?;
        assert_eq!(lab.claim(worker, 1).await?.len(), 1);
    }
    Ok(())
}
