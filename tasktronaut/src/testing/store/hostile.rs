//! Input that somebody has thought up: odd texts, large numbers, large amounts.

use std::time::Duration;

use super::lab::{LONG, Lab, fences, fresh, jobs};
use super::shapes::{chain, meeting, process, release, retry, success};
use super::{CaseResult, Opener};
use crate::backend::store::{
    Change, Changes, End, Fence, JobUpdate, Phase, Recorded, Retention, Reviser, Store, Stored, Then,
};
use crate::plan::JobState;

/// Texts that have broken programs before.
fn odd_texts() -> Vec<String> {
    let texts = [
        "",
        " ",
        "'",
        "\"",
        "''; DROP TABLE process; --",
        "a\0b",
        "\0",
        "\\",
        "\\'",
        "%",
        "{}",
        "{0}:$1:?1:@a",
        "line\r\nbreak\ttab",
        "\u{1F980}\u{200D}\u{1F680}",
        "e\u{301}",
        "\u{e9}",
        "\u{202e}abc",
        "\u{feff}",
        "a ",
        "a",
        "A",
        "NULL",
        "0",
        "00",
        "1e3",
    ];
    let long = ["x".repeat(200), "\u{1F980}".repeat(50), "'".repeat(200)];
    texts.into_iter().map(str::to_owned).chain(long).collect()
}

pub(super) async fn odd_identifiers_are_kept_apart<O: Opener>(lab: Lab<O>) -> CaseResult {
    let texts = odd_texts();
    let keys = lab.add_all(texts.iter().map(|text| process(text, vec![])).collect()).await?;
    for (text, key) in texts.iter().zip(&keys) {
        let row = lab.process(text).await?;
        assert_eq!((&row.identifier, row.key), (text, *key));
        assert_eq!(lab.store.enqueue(vec![process(text, vec![])].into()).await?, [Stored::Known(*key)]);
    }
    let plans = lab.store.plans(&keys).await?;
    let names: Vec<String> = plans.into_iter().flatten().map(|row| row.identifier).collect();
    assert_eq!(names, texts);
    Ok(())
}

pub(super) async fn odd_definitions_are_kept<O: Opener>(lab: Lab<O>) -> CaseResult {
    for (number, text) in odd_texts().into_iter().enumerate() {
        let identifier = number.to_string();
        let shape = chain(&identifier, 2).with(|new| new.definition.clone_from(&text));
        let key = lab.add(&shape).await?;
        assert_eq!(lab.process(&identifier).await?.definition, text);
        let filter =
            crate::backend::store::ListFilter { definition: Some(text), ..super::list::everything() };
        let found: Vec<_> = lab.store.list(&filter).await?.iter().map(|row| row.key).collect();
        assert_eq!(found, [key]);
    }
    Ok(())
}

pub(super) async fn odd_queues_are_kept_apart<O: Opener>(lab: Lab<O>) -> CaseResult {
    let worker = lab.worker().await?;
    let mut texts = odd_texts();
    for text in &texts {
        lab.store.pause_queue(text, true).await?;
    }
    let mut paused = lab.beat(worker, false).await?.paused;
    paused.sort();
    texts.sort();
    assert_eq!(paused, texts);
    Ok(())
}

pub(super) async fn a_plan_may_have_any_bytes<O: Opener>(lab: Lab<O>) -> CaseResult {
    let all: Vec<u8> = (0..=255).collect();
    let plans = [
        vec![],
        vec![0],
        all.clone(),
        b"\\x00'\"".to_vec(),
        all.iter().copied().cycle().take(1 << 20).collect(),
    ];
    for (number, plan) in plans.into_iter().enumerate() {
        let key = lab.add(&chain(&number.to_string(), 2).with(|new| new.plan.clone_from(&plan))).await?;
        let rows = lab.store.plans(&[key]).await?;
        assert!(rows[0].as_ref().is_some_and(|row| row.plan == plan), "plan {number}");
    }
    Ok(())
}

pub(super) async fn payloads_may_have_any_bytes<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [all.clone(), vec![0], b"[]".to_vec(), all.repeat(256)] {
        let job = JobUpdate {
            event: Some(bytes.clone()),
            error: Some(bytes.clone()),
            ..fresh(1, JobState::Failed)
        };
        let process =
            Some(Change { phase: Phase::Flowing, outcome: None, memo: bytes.clone(), deadline: None });
        lab.revise(key, Changes { process, jobs: vec![job], meetings: vec![] }).await?;
        let job = lab.job(key, 1).await?;
        assert_eq!((job.event.as_ref(), job.error.as_ref()), (Some(&bytes), Some(&bytes)));
        assert_eq!(lab.process("album").await?.memo, bytes);
    }
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.end_well(worker, End { error: Some(all.clone()), ..retry(fence, LONG) }).await?;
    assert_eq!(lab.job(key, 0).await?.error, Some(all));
    Ok(())
}

pub(super) async fn nothing_and_no_bytes_are_not_the_same<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    for bytes in [None, Some(vec![])] {
        let update = JobUpdate { event: bytes.clone(), error: bytes.clone(), ..fresh(1, JobState::Failed) };
        lab.revise(key, jobs(vec![update])).await?;
        let job = lab.job(key, 1).await?;
        assert_eq!((job.event, job.error), (bytes.clone(), bytes));
    }
    Ok(())
}

pub(super) async fn numbers_may_be_as_large_as_their_types<O: Opener>(lab: Lab<O>) -> CaseResult {
    let route = (1 << 63) - 1;
    let key = lab.add(&chain("album", 2).with(|new| new.first.route = route)).await?;
    let update = JobUpdate {
        route,
        attempt: u32::MAX - 1,
        nonce: u32::MAX,
        failed: u32::MAX,
        lost: u32::MAX - 7,
        undecoded: u32::MAX,
        ..fresh(u32::MAX, JobState::Ready)
    };
    lab.revise(key, Changes { jobs: vec![update], meetings: vec![(u32::MAX, u32::MAX)], process: None })
        .await?;
    assert_eq!(lab.snapshot(key).await?.meetings, [(u32::MAX, u32::MAX)]);
    let worker = lab.worker_of(&[0, route], LONG).await?;
    let claims = lab.claim(worker, usize::MAX).await?;
    let large = claims.iter().find(|claim| claim.fence.node == u32::MAX).ok_or("it is not claimed")?;
    assert_eq!((large.fence.attempt, large.failed, large.undecoded), (u32::MAX, u32::MAX, u32::MAX));
    assert_eq!(lab.job(key, u32::MAX).await?.lost, u32::MAX - 7);
    lab.end_well(worker, success(large.fence)).await?;
    Ok(())
}

pub(super) async fn durations_may_be_as_long_as_they_like<O: Opener>(lab: Lab<O>) -> CaseResult {
    let long = chain("long", 2).with(|new| {
        new.start_after = Duration::MAX;
        new.deadline = Some(Duration::MAX);
    });
    lab.add(&long).await?;
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[super::shapes::ROUTE], Duration::MAX).await?;
    let fence = lab.claim_one(worker).await?.fence;
    let beat = lab.beat(worker, true).await?;
    assert_eq!((beat.held.as_slice(), beat.reaped, beat.overdue.len()), ([fence].as_slice(), 0, 0));
    lab.end_well(worker, retry(fence, Duration::MAX)).await?;
    let exchange = lab.exchange(worker, vec![], 10).await?;
    assert!(exchange.claims.is_empty());
    assert!(exchange.next_due.is_none_or(|due| due > LONG));
    assert_eq!(
        lab.store.sweep(Retention { completed: Duration::MAX, failed: Duration::MAX }, usize::MAX).await?,
        0
    );
    Ok(())
}

pub(super) async fn keys_that_were_never_given_are_answered<O: Opener>(lab: Lab<O>) -> CaseResult {
    let worker = lab.worker().await?;
    for key in [0, u64::MAX, 1 << 63] {
        let fence = Fence { key, node: u32::MAX, attempt: u32::MAX, nonce: u32::MAX };
        assert_eq!(lab.end(worker, success(fence)).await?, Recorded::Lost);
        assert!(lab.store.give_back(worker, Some(vec![fence])).await?.is_empty());
        assert!(!lab.store.delete(key, false).await?);
        assert!(!lab.store.pause_process(key, true).await?);
        assert!(lab.store.revise(key, Reviser::new(|_| Ok((Changes::default(), ())))).await?.is_none());
        assert!(lab.store.jobs(key).await?.is_empty());
    }
    Ok(())
}

pub(super) async fn one_end_may_release_10_000<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let then = Then { releases: (1..=10_000).map(|node| release(node, false)).collect(), meetings: vec![] };
    lab.end_well(worker, End { then, ..success(fence) }).await?;
    assert_eq!(lab.store.jobs(key).await?.len(), 10_001);
    let mut nodes: Vec<u32> =
        fences(&lab.claim(worker, 20_000).await?).iter().map(|fence| fence.node).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, (1..=10_000).collect::<Vec<_>>());
    Ok(())
}

pub(super) async fn one_end_may_count_10_000_meetings_down<O: Opener>(lab: Lab<O>) -> CaseResult {
    let then = |node| Then { releases: vec![release(node + 10_000, false)], meetings: vec![] };
    let meetings = (1..=10_000).map(|node| meeting(node, 1 + node % 2, then(node))).collect();
    lab.add_all(vec![process("album", meetings)]).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let then = Then { releases: vec![], meetings: (1..=10_000).collect() };
    let exchange = lab.exchange(worker, vec![End { then, ..success(fence) }], 20_000).await?;
    assert_eq!(exchange.claims.len(), 5_000);
    Ok(())
}

pub(super) async fn an_error_may_be_a_mebibyte<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let error = vec![0xA5; 1 << 20];
    lab.end_well(worker, End { error: Some(error.clone()), ..retry(fence, LONG) }).await?;
    assert!(lab.job(key, 0).await?.error.is_some_and(|kept| kept == error));
    Ok(())
}
