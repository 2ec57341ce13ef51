//! Meetings: the last of those that a node waits for lets it go, exactly once (`R5`).

use std::sync::Arc;

use tokio::sync::Mutex;

use super::lab::{LONG, Lab};
use super::shapes::{Shape, diamond, fan, meeting, process, release, retry, success};
use super::{CaseResult, Opener};
use crate::backend::store::{End, Fence, Phase, Recorded, Store, Then};

fn to_meetings(meetings: &[u32]) -> Then {
    Then { releases: vec![], meetings: meetings.to_vec() }
}

fn to_job(node: u32) -> Then {
    Then { releases: vec![release(node, false)], meetings: vec![] }
}

/// Enqueues a process with meetings and claims its first job.
async fn begun<O: Opener>(
    lab: &Lab<O>,
    meetings: Vec<crate::backend::store::Meeting>,
) -> Result<(crate::backend::WorkerId, Fence), crate::BoxError> {
    lab.add_all(vec![process("album", meetings)]).await?;
    let worker = lab.worker().await?;
    Ok((worker, lab.claim_one(worker).await?.fence))
}

pub(super) async fn r5_the_last_of_a_meeting_releases_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = fan("album", 3);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let first = lab.claim_one(worker).await?.fence;
    let claims = lab.exchange(worker, vec![shape.success(first)], 10).await?.claims;
    assert_eq!(claims.len(), 3);
    for (number, claim) in claims.iter().enumerate() {
        assert!(lab.row(key, 4).await?.is_none());
        assert_eq!(
            lab.snapshot(key).await?.meetings.first().map(|meeting| meeting.1 as usize),
            Some(3 - number)
        );
        lab.end_well(worker, shape.success(claim.fence)).await?;
    }
    assert_eq!(lab.claim_one(worker).await?.fence.node, 4);
    assert_eq!(lab.process("album").await?.outcome, Some(1));
    Ok(())
}

pub(super) async fn r5_the_last_two_may_end_in_one_call<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = diamond("album");
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let first = lab.claim_one(worker).await?.fence;
    let claims = lab.exchange(worker, vec![shape.success(first)], 10).await?.claims;
    let ends = claims.iter().map(|claim| shape.success(claim.fence)).collect();
    let exchange = lab.exchange(worker, ends, 10).await?;
    assert_eq!(exchange.claims.iter().map(|claim| claim.fence.node).collect::<Vec<_>>(), [3]);
    Ok(())
}

pub(super) async fn r5_ends_at_the_same_time_lose_no_join<O: Opener>(lab: Lab<O>) -> CaseResult {
    let stores = [lab.store.clone(), lab.other().await?];
    let worker = lab.worker().await?;
    for round in 0..12 {
        let shape = diamond(&format!("album-{round}"));
        let key = lab.add(&shape).await?;
        let first = lab.claim_one(worker).await?.fence;
        let claims = lab.exchange(worker, vec![shape.success(first)], 2).await?.claims;
        let tasks: Vec<_> = claims
            .iter()
            .zip(&stores)
            .map(|(claim, store)| {
                let (store, end) = (store.clone(), shape.success(claim.fence));
                tokio::spawn(async move { store.exchange(worker, vec![end], 0).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await??.recorded, [Recorded::Done]);
        }
        let last = lab.claim_one(worker).await?.fence;
        assert_eq!((last.key, last.node), (key, 3));
        lab.end_well(worker, shape.success(last)).await?;
    }
    Ok(())
}

pub(super) async fn r5_workers_of_two_programs_finish_what_they_share<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shapes: Arc<Vec<Shape>> = Arc::new((0..6).map(|number| fan(&format!("fan-{number}"), 30)).collect());
    let keys = lab.add_all(shapes.iter().map(|shape| shape.new.clone()).collect()).await?;
    let stores = [lab.store.clone(), lab.other().await?];
    let (ended, done) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let mut tasks = Vec::new();
    for number in 0..4 {
        let (store, worker) = (stores[number % 2].clone(), lab.worker().await?);
        let (shapes, keys, ended, done) = (shapes.clone(), keys.clone(), ended.clone(), done.clone());
        tasks.push(tokio::spawn(async move {
            let mut ends = Vec::new();
            while ended.lock().await.len() < keys.len() {
                let exchange = store.exchange(worker, std::mem::take(&mut ends), 5).await?;
                assert!(exchange.recorded.iter().all(|recorded| *recorded == Recorded::Done));
                ended.lock().await.extend(exchange.ended);
                for claim in exchange.claims {
                    done.lock().await.push((claim.fence.key, claim.fence.node));
                    let shape = keys.iter().position(|key| *key == claim.fence.key).map(|at| &shapes[at]);
                    ends.extend(shape.map(|shape| shape.success(claim.fence)));
                }
            }
            Ok::<_, crate::BackendError>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let mut done = done.lock().await.clone();
    assert_eq!(done.len(), 6 * 32);
    done.sort_unstable();
    done.dedup();
    assert_eq!(done.len(), 6 * 32, "each job was claimed once");
    for row in lab.store.list(&super::list::everything()).await? {
        assert_eq!((row.phase, row.outcome), (Phase::Ended, Some(1)));
    }
    Ok(())
}

pub(super) async fn r5_meetings_let_meetings_go<O: Opener>(lab: Lab<O>) -> CaseResult {
    let meetings =
        vec![meeting(1, 1, to_meetings(&[2])), meeting(2, 1, to_meetings(&[3])), meeting(3, 1, to_job(4))];
    let (worker, fence) = begun(&lab, meetings).await?;
    lab.end_well(worker, End { then: to_meetings(&[1]), ..success(fence) }).await?;
    assert_eq!(lab.claim_one(worker).await?.fence.node, 4);
    Ok(())
}

pub(super) async fn r5_a_long_chain_of_meetings_is_a_loop<O: Opener>(lab: Lab<O>) -> CaseResult {
    let length = 5_000;
    let then = |node| if node < length { to_meetings(&[node + 1]) } else { to_job(node + 1) };
    let (worker, fence) =
        begun(&lab, (1..=length).map(|node| meeting(node, 1, then(node))).collect()).await?;
    lab.end_well(worker, End { then: to_meetings(&[1]), ..success(fence) }).await?;
    assert_eq!(lab.claim_one(worker).await?.fence.node, length + 1);
    Ok(())
}

pub(super) async fn r5_a_meeting_named_twice_counts_twice<O: Opener>(lab: Lab<O>) -> CaseResult {
    let (worker, fence) = begun(&lab, vec![meeting(1, 3, to_job(2))]).await?;
    let then = Then { releases: vec![release(5, false)], meetings: vec![1, 1] };
    lab.end_well(worker, End { then, ..success(fence) }).await?;
    let next = lab.claim_one(worker).await?.fence;
    assert_eq!(lab.snapshot(next.key).await?.meetings, [(1, 1)]);
    lab.end_well(worker, End { then: to_meetings(&[1]), ..success(next) }).await?;
    assert_eq!(lab.claim_one(worker).await?.fence.node, 2);
    Ok(())
}

pub(super) async fn r5_a_meeting_can_be_reached_over_two_others<O: Opener>(lab: Lab<O>) -> CaseResult {
    let meetings =
        vec![meeting(1, 1, to_meetings(&[3])), meeting(2, 1, to_meetings(&[3])), meeting(3, 2, to_job(4))];
    let (worker, fence) = begun(&lab, meetings).await?;
    lab.end_well(worker, End { then: to_meetings(&[1, 2]), ..success(fence) }).await?;
    assert_eq!(lab.claim_one(worker).await?.fence.node, 4);
    Ok(())
}

pub(super) async fn r5_a_meeting_lets_several_go<O: Opener>(lab: Lab<O>) -> CaseResult {
    let then = Then { releases: (10..20).map(|node| release(node, false)).collect(), meetings: vec![2] };
    let (worker, fence) = begun(&lab, vec![meeting(1, 1, then), meeting(2, 1, to_job(30))]).await?;
    let exchange = lab.exchange(worker, vec![End { then: to_meetings(&[1]), ..success(fence) }], 100).await?;
    let mut nodes: Vec<u32> = exchange.claims.iter().map(|claim| claim.fence.node).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, (10..20).chain([30]).collect::<Vec<_>>());
    Ok(())
}

pub(super) async fn r5_a_retry_or_a_lost_end_does_not_count_down<O: Opener>(lab: Lab<O>) -> CaseResult {
    let (worker, fence) = begun(&lab, vec![meeting(1, 1, to_job(2))]).await?;
    let lost = Fence { nonce: fence.nonce ^ 1, ..fence };
    assert_eq!(lab.end(worker, End { then: to_meetings(&[1]), ..success(lost) }).await?, Recorded::Lost);
    lab.end_well(worker, End { then: to_meetings(&[1]), ..retry(fence, LONG) }).await?;
    assert_eq!(lab.snapshot(fence.key).await?.meetings, [(1, 1)]);
    assert!(lab.claim(worker, 10).await?.is_empty());
    Ok(())
}

/// The answers to ends were lost, so that they are sent again: alone, and together with others.
pub(super) async fn r5_an_end_that_is_sent_again_counts_down_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = fan("album", 3);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let first = lab.claim_one(worker).await?.fence;
    let claims = lab.exchange(worker, vec![shape.success(first)], 10).await?.claims;
    for (sent, left) in [(vec![0], 2), (vec![0], 2), (vec![0, 1, 0], 1), (vec![1, 0], 1)] {
        let ends: Vec<End> = sent.iter().map(|at| shape.success(claims[*at].fence)).collect();
        let exchange = lab.exchange(worker, ends, 10).await?;
        assert!(exchange.recorded.iter().all(|recorded| *recorded == Recorded::Done), "{sent:?}");
        assert_eq!(
            (exchange.claims.len(), lab.snapshot(key).await?.meetings),
            (0, vec![(4, left)]),
            "{sent:?}"
        );
    }
    for released in [1, 0] {
        let exchange = lab.exchange(worker, vec![shape.success(claims[2].fence)], 10).await?;
        assert_eq!(
            (exchange.recorded.as_slice(), exchange.claims.len()),
            ([Recorded::Done].as_slice(), released)
        );
    }
    Ok(())
}

pub(super) async fn r5_meetings_of_processes_do_not_mix<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shapes = [diamond("a"), diamond("b")];
    let keys = lab.add_all(shapes.iter().map(|shape| shape.new.clone()).collect()).await?;
    let worker = lab.worker().await?;
    let firsts = lab.claim(worker, 2).await?;
    let ends = firsts.iter().map(|claim| shapes[0].success(claim.fence)).collect();
    let claims = lab.exchange(worker, ends, 10).await?.claims;
    assert_eq!(claims.len(), 4);
    let one_of_each: Vec<End> = claims
        .iter()
        .filter(|claim| claim.fence.node == 1)
        .map(|claim| shapes[0].success(claim.fence))
        .collect();
    assert!(lab.exchange(worker, one_of_each, 10).await?.claims.is_empty());
    for key in keys {
        assert_eq!(lab.snapshot(key).await?.meetings, [(3, 1)]);
    }
    Ok(())
}

pub(super) async fn r5_a_fan_of_10_000_meets<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = fan("album", 10_000);
    lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let nodes = lab.work(worker, &shape).await?;
    assert_eq!(nodes.len(), 10_002);
    assert_eq!(nodes.last(), Some(&10_001));
    assert_eq!(lab.process("album").await?.phase, Phase::Ended);
    Ok(())
}
