//! Leases: signs of life, what is taken back, and what is given back (`R7`, `R8`, `R18`).

use std::time::Duration;

use super::lab::{LONG, Lab, MAX_LOST, SHORT, fences};
use super::shapes::{ROUTE, chain, success};
use super::{CaseResult, Opener};
use crate::backend::WorkerId;
use crate::backend::store::{Change, Changes, Fence, Phase, Recorded, Store};
use crate::plan::JobState;

/// Beats until something was taken back.
async fn take_back<O: Opener>(lab: &Lab<O>, worker: WorkerId, jobs: usize) -> CaseResult {
    let mut reaped = 0;
    lab.until("leases are taken back", async || {
        reaped += lab.beat(worker, false).await?.reaped;
        Ok((reaped == jobs).then_some(()))
    })
    .await
}

pub(super) async fn r7_a_beat_shows_what_the_worker_holds<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(5).await?;
    let (worker, other) = (lab.worker().await?, lab.worker().await?);
    let mut mine = fences(&lab.claim(worker, 3).await?);
    let theirs = fences(&lab.claim(other, 2).await?);
    lab.end_well(worker, success(mine.remove(0))).await?;
    for renew in [false, true] {
        let mut held = lab.beat(worker, renew).await?.held;
        held.sort_unstable_by_key(|fence| fence.key);
        mine.sort_unstable_by_key(|fence| fence.key);
        assert_eq!(held, mine);
    }
    assert_eq!(lab.beat(other, true).await?.held.len(), theirs.len());
    Ok(())
}

pub(super) async fn r7_a_renewed_lease_is_not_taken_back<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.store.join(worker, vec![ROUTE], LONG).await?;
    lab.tick().await?;
    // It has run out, but nobody has taken it back: it begins anew, with the new length.
    let beat = lab.beat(worker, true).await?;
    assert_eq!((beat.held.as_slice(), beat.reaped), ([fence].as_slice(), 0));
    lab.tick().await?;
    let other = lab.worker().await?;
    assert_eq!(lab.beat(other, false).await?.reaped, 0);
    assert_eq!(lab.job(fence.key, 0).await?.worker, Some(worker));
    Ok(())
}

pub(super) async fn r7_a_lease_that_has_run_out_begins_anew_when_it_is_renewed_first<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    let fence = lab.claim_one(worker).await?.fence;
    for _ in 0..3 {
        lab.tick().await?;
        lab.tick().await?;
        let beat = lab.beat(worker, true).await?;
        assert_eq!((beat.reaped, beat.held.as_slice()), (0, [fence].as_slice()));
    }
    assert_eq!(lab.job(fence.key, 0).await?.lost, 0);
    Ok(())
}

pub(super) async fn r8_a_lease_that_has_run_out_is_taken_back<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    let fence = lab.claim_one(worker).await?.fence;
    let other = lab.worker().await?;
    take_back(&lab, other, 1).await?;
    let job = lab.job(key, 0).await?;
    assert_eq!((job.fence, job.state, job.worker), (fence, JobState::Ready, None));
    assert_eq!((job.lost, job.failed), (1, 0));
    assert!(lab.beat(worker, true).await?.held.is_empty());
    let again = lab.claim_one(other).await?;
    assert_eq!((again.fence.attempt, again.failed), (2, 0));
    Ok(())
}

pub(super) async fn r7_a_lease_begins_with_the_claim<O: Opener>(lab: Lab<O>) -> CaseResult {
    for renews in [false, true] {
        let worker = lab.worker_of(&[ROUTE], SHORT).await?;
        lab.beat(worker, renews).await?;
        lab.store.join(worker, vec![ROUTE], LONG).await?;
        lab.add(&chain(&format!("album-{renews}"), 2)).await?;
        // Its last renewal is over by now, if there was one; that says nothing of what it claims from here on.
        lab.tick().await?;
        lab.tick().await?;
        let fence = lab.claim_one(worker).await?.fence;
        let other = lab.worker().await?;
        for _ in 0..2 {
            let beat = lab.beat(other, true).await?;
            assert_eq!((beat.reaped, beat.expired.len()), (0, 0), "{renews}");
        }
        assert_eq!(lab.beat(worker, false).await?.held, [fence]);
    }
    Ok(())
}

pub(super) async fn r8_a_lease_that_has_not_run_out_is_left<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    let fence = lab.claim_one(worker).await?.fence;
    let other = lab.worker().await?;
    let beat = lab.beat(other, true).await?;
    assert_eq!((beat.reaped, beat.expired.len(), beat.held.len()), (0, 0, 0));
    assert_eq!(lab.beat(worker, false).await?.held, [fence]);
    Ok(())
}

pub(super) async fn r9_the_last_lost_worker_is_left_to_be_revised<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    for lost in 0..2 {
        assert_eq!(lab.job(key, 0).await?.lost, lost);
        lab.claim_one(worker).await?;
        if lost < 1 {
            lab.until("it is taken back", async || {
                Ok((lab.store.beat(worker, false, 2).await?.reaped == 1).then_some(()))
            })
            .await?;
        }
    }
    let fence = lab.job(key, 0).await?.fence;
    for _ in 0..2 {
        let beat = lab
            .until("it is found", async || {
                let beat = lab.store.beat(worker, false, 2).await?;
                Ok((!beat.expired.is_empty()).then_some(beat))
            })
            .await?;
        assert_eq!((beat.expired.as_slice(), beat.reaped), ([fence].as_slice(), 0));
    }
    let job = lab.job(key, 0).await?;
    assert_eq!((job.fence, job.state, job.lost, job.worker), (fence, JobState::Running, 1, Some(worker)));
    Ok(())
}

pub(super) async fn r8_outside_of_flowing_it_is_left_to_be_revised<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    let fence = lab.claim_one(worker).await?.fence;
    lab.set_phase(key, Phase::Careful, None).await?;
    let other = lab.worker().await?;
    let beat = lab
        .until("it is found", async || {
            let beat = lab.beat(other, false).await?;
            Ok((!beat.expired.is_empty()).then_some(beat))
        })
        .await?;
    assert_eq!((beat.expired.as_slice(), beat.reaped), ([fence].as_slice(), 0));
    assert_eq!(lab.job(key, 0).await?.state, JobState::Running);
    Ok(())
}

pub(super) async fn r8_at_most_100_are_taken_back_at_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(230).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    assert_eq!(lab.claim(worker, 230).await?.len(), 230);
    lab.tick().await?;
    lab.tick().await?;
    let other = lab.worker().await?;
    let mut reaped = 0;
    lab.until("all are taken back", async || {
        let now = lab.beat(other, false).await?.reaped;
        assert!(now <= 100, "{now}");
        reaped += now;
        Ok((reaped == 230).then_some(()))
    })
    .await?;
    assert_eq!(lab.claim(other, 1_000).await?.len(), 230);
    Ok(())
}

pub(super) async fn r8_many_at_the_same_time_take_back_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(40).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    assert_eq!(lab.claim(worker, 40).await?.len(), 40);
    lab.tick().await?;
    lab.tick().await?;
    let stores = [lab.store.clone(), lab.other().await?];
    let mut tasks = Vec::new();
    for number in 0..4 {
        let (store, other) = (stores[number % 2].clone(), lab.worker().await?);
        tasks.push(tokio::spawn(async move {
            let mut reaped = 0;
            for _ in 0..5 {
                reaped += store.beat(other, false, MAX_LOST).await?.reaped;
            }
            Ok::<_, crate::BackendError>(reaped)
        }));
    }
    let mut reaped = 0;
    for task in tasks {
        reaped += task.await??;
    }
    assert_eq!(reaped, 40);
    for key in keys {
        assert_eq!(lab.job(key, 0).await?.lost, 1);
    }
    Ok(())
}

/// A lease has run out, and its worker renews while others take back: whoever is told that it holds the job keeps it.
pub(super) async fn r8_a_renewal_and_a_recovery_do_not_pass_each_other_by<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    const ROUNDS: usize = 40;
    let (other, stranger) = (lab.other().await?, lab.worker().await?);
    for round in 0..ROUNDS {
        let key = lab.add(&chain(&format!("album-{round}"), 2)).await?;
        let worker = lab.worker_of(&[ROUTE], SHORT).await?;
        let fence = lab.claim_one(worker).await?.fence;
        lab.store.join(worker, vec![ROUTE], LONG).await?;
        lab.tick().await?;
        let recovery = tokio::spawn({
            let other = other.clone();
            async move { other.beat(stranger, false, MAX_LOST).await }
        });
        let held = lab.beat(worker, true).await?.held;
        let reaped = recovery.await??.reaped;
        assert_eq!(held.len() + reaped, 1, "either the one or the other: {held:?}");
        let job = lab.job(key, 0).await?;
        assert_eq!((job.worker, job.lost as usize), (held.first().map(|_| worker), reaped));
        assert_eq!(job.fence, fence);
        lab.store.delete(key, false).await?;
    }
    Ok(())
}

pub(super) async fn r15_overdue_processes_are_seen<O: Opener>(lab: Lab<O>) -> CaseResult {
    let late = lab.add(&chain("late", 2).with(|new| new.deadline = Some(SHORT))).await?;
    let stopped = lab.add(&chain("stopped", 2).with(|new| new.deadline = Some(SHORT))).await?;
    lab.add(&chain("in-time", 2).with(|new| new.deadline = Some(LONG))).await?;
    lab.add(&chain("without", 2)).await?;
    lab.set_phase(stopped, Phase::Stopping, Some(2)).await?;
    let worker = lab.worker().await?;
    for _ in 0..2 {
        let overdue = lab
            .until("it is overdue", async || {
                let overdue = lab.beat(worker, false).await?.overdue;
                Ok((!overdue.is_empty()).then_some(overdue))
            })
            .await?;
        assert_eq!(overdue, [late]);
    }
    lab.set_phase(late, Phase::Ended, Some(2)).await?;
    assert!(lab.beat(worker, false).await?.overdue.is_empty());
    Ok(())
}

pub(super) async fn r15_what_goes_on_has_its_deadline_set_anew<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("late", 2).with(|new| new.deadline = Some(Duration::ZERO))).await?;
    lab.tick().await?;
    let worker = lab.worker().await?;
    for (deadline, is_overdue) in [(Some(LONG), false), (None, false), (Some(Duration::ZERO), true)] {
        lab.set_phase(key, Phase::Ended, Some(2)).await?;
        let goes_on = Change { phase: Phase::Flowing, outcome: None, memo: vec![], deadline };
        lab.revise(key, Changes { process: Some(goes_on), ..Changes::default() }).await?;
        lab.tick().await?;
        assert_eq!(lab.beat(worker, false).await?.overdue == [key], is_overdue, "{deadline:?}");
    }
    Ok(())
}

pub(super) async fn r15_at_most_100_overdue_ones_are_given<O: Opener>(lab: Lab<O>) -> CaseResult {
    let late =
        |number| chain(&format!("late-{number}"), 2).with(|new| new.deadline = Some(Duration::ZERO)).new;
    lab.add_all((0..130).map(late).collect()).await?;
    lab.tick().await?;
    let worker = lab.worker().await?;
    let overdue = lab.beat(worker, false).await?.overdue;
    assert!(!overdue.is_empty() && overdue.len() <= 100, "{}", overdue.len());
    Ok(())
}

pub(super) async fn r13_a_worker_sees_which_of_its_processes_stop<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(4).await?;
    let (worker, other) = (lab.worker().await?, lab.worker().await?);
    assert_eq!(lab.claim(worker, 4).await?.len(), 4);
    lab.set_phase(keys[0], Phase::Stopping, Some(2)).await?;
    lab.set_phase(keys[1], Phase::Stopping, Some(3)).await?;
    lab.set_phase(keys[2], Phase::Careful, None).await?;
    let mut stopping = lab.beat(worker, true).await?.stopping;
    stopping.sort_unstable();
    assert_eq!(stopping, [(keys[0], false), (keys[1], true)]);
    assert!(lab.beat(other, true).await?.stopping.is_empty());
    Ok(())
}

pub(super) async fn r13_a_stopping_process_is_named_once<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = super::shapes::fan("album", 5);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let first = lab.claim_one(worker).await?.fence;
    assert_eq!(lab.exchange(worker, vec![shape.success(first)], 10).await?.claims.len(), 5);
    lab.set_phase(key, Phase::Stopping, Some(3)).await?;
    assert_eq!(lab.beat(worker, false).await?.stopping, [(key, true)]);
    Ok(())
}

pub(super) async fn r18_what_is_given_back_is_ready_and_uncharged<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(2).await?;
    let (worker, other) = (lab.worker().await?, lab.worker().await?);
    let mine = fences(&lab.claim(worker, 2).await?);
    assert!(lab.store.give_back(worker, Some(vec![mine[0]])).await?.is_empty());
    let job = lab.job(mine[0].key, 0).await?;
    assert_eq!((job.state, job.worker, job.fence.nonce, job.fence.attempt), (JobState::Ready, None, 0, 1));
    assert_eq!((job.failed, job.lost, job.undecoded), (0, 0, 0));
    assert_eq!(lab.end(worker, success(mine[0])).await?, Recorded::Lost);
    assert_eq!(lab.claim_one(other).await?.fence.attempt, 2);
    assert_eq!(lab.beat(worker, false).await?.held, [mine[1]]);
    lab.end_well(worker, success(mine[1])).await?;
    Ok(())
}

pub(super) async fn r18_a_worker_that_leaves_holds_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(3).await?;
    let (worker, other) = (lab.worker().await?, lab.worker().await?);
    assert_eq!(lab.claim(worker, 3).await?.len(), 3);
    assert!(lab.store.give_back(worker, None).await?.is_empty());
    assert!(lab.beat(worker, false).await?.held.is_empty());
    assert!(lab.exchange(worker, vec![], 10).await?.unknown);
    assert_eq!(lab.claim(other, 10).await?.len(), 3);
    Ok(())
}

pub(super) async fn r18_what_the_worker_does_not_hold_is_not_given_back<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    lab.add_many(2).await?;
    let (worker, other) = (lab.worker().await?, lab.worker().await?);
    let mine = lab.claim(worker, 1).await?[0].fence;
    let theirs = lab.claim(other, 1).await?[0].fence;
    let wrong = [theirs, Fence { nonce: mine.nonce ^ 1, ..mine }, Fence { key: mine.key + 100, ..mine }];
    assert!(lab.store.give_back(worker, Some(wrong.to_vec())).await?.is_empty());
    assert!(lab.store.give_back(worker, Some(vec![])).await?.is_empty());
    assert_eq!(lab.beat(other, false).await?.held, [theirs]);
    assert_eq!(lab.beat(worker, false).await?.held, [mine]);
    Ok(())
}

pub(super) async fn r18_outside_of_flowing_it_is_left_to_be_revised<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(2).await?;
    let worker = lab.worker().await?;
    let mine = fences(&lab.claim(worker, 2).await?);
    lab.set_phase(keys[0], Phase::Stopping, Some(2)).await?;
    let stopping: Vec<Fence> = mine.iter().filter(|fence| fence.key == keys[0]).copied().collect();
    assert_eq!(lab.store.give_back(worker, Some(mine.clone())).await?, stopping);
    assert_eq!(lab.job(keys[0], 0).await?.fence, stopping[0]);
    assert_eq!(lab.job(keys[1], 0).await?.state, JobState::Ready);
    assert_eq!(lab.store.give_back(worker, None).await?, stopping);
    assert!(lab.exchange(worker, vec![], 10).await?.unknown);
    Ok(())
}

pub(super) async fn r8_a_worker_that_is_gone_is_reaped_by_any_other<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(3).await?;
    let worker = lab.worker_of(&[ROUTE], SHORT).await?;
    assert_eq!(lab.claim(worker, 3).await?.len(), 3);
    let other = lab.other().await?;
    let stranger = WorkerId::random();
    other.join(stranger, vec![1], LONG).await?;
    take_back(&lab, stranger, 3).await
}
