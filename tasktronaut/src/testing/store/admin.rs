//! Reading, removing, and what nobody can do.

use std::time::Duration;

use super::lab::{LONG, Lab};
use super::shapes::{ROUTE, chain, diamond, process, success};
use super::{CaseResult, Opener};
use crate::backend::store::{Phase, Recorded, Retention, Store};

const AT_ONCE: Retention = Retention { completed: Duration::ZERO, failed: Duration::ZERO };

pub(super) async fn what_is_not_there_is_not_found<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    for identifier in ["albu", "album ", "ALBUM", "", "album\0"] {
        assert!(lab.store.find(identifier).await?.is_none(), "`{identifier}`");
    }
    assert!(lab.store.jobs(4_711).await?.is_empty());
    assert!(lab.store.jobs(u64::MAX).await?.is_empty());
    Ok(())
}

pub(super) async fn plans_come_in_the_order_of_their_keys<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(3).await?;
    lab.store.delete(keys[1], false).await?;
    let asked = [keys[2], keys[1], 4_711, keys[0], keys[2], u64::MAX];
    let plans = lab.store.plans(&asked).await?;
    let names: Vec<_> = plans.iter().map(|row| row.as_ref().map(|row| row.identifier.as_str())).collect();
    assert_eq!(names, [Some("many-2"), None, None, Some("many-0"), Some("many-2"), None]);
    assert_eq!(plans[0].as_ref().map(|row| row.plan.as_slice()), Some(b"the plan of many-2".as_slice()));
    assert!(lab.store.plans(&[]).await?.is_empty());
    Ok(())
}

pub(super) async fn many_plans_can_be_asked_for<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(1_200).await?;
    let plans = lab.store.plans(&keys).await?;
    assert_eq!(plans.iter().flatten().count(), 1_200);
    assert_eq!(plans[1_199].as_ref().map(|row| row.identifier.as_str()), Some("many-1199"));
    Ok(())
}

pub(super) async fn deleting_removes_everything<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = diamond("album");
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    let first = lab.claim_one(worker).await?.fence;
    let running = lab.exchange(worker, vec![shape.success(first)], 1).await?.claims[0].fence;
    assert!(lab.store.delete(key, false).await?);
    assert!(lab.store.find("album").await?.is_none());
    assert!(lab.store.jobs(key).await?.is_empty());
    assert!(lab.store.plans(&[key]).await?[0].is_none());
    assert_eq!(lab.end(worker, shape.success(running)).await?, Recorded::Lost);
    assert!(lab.claim(worker, 10).await?.is_empty());
    assert!(lab.beat(worker, true).await?.held.is_empty());
    assert!(lab.store.list(&super::list::everything()).await?.is_empty());
    assert!(!lab.store.delete(key, false).await?);
    Ok(())
}

pub(super) async fn only_what_has_ended_is_deleted_where_one_says_so<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    for (phase, outcome) in [(Phase::Flowing, None), (Phase::Careful, None), (Phase::Stopping, Some(2))] {
        lab.set_phase(key, phase, outcome).await?;
        assert!(!lab.store.delete(key, true).await?, "{phase:?}");
    }
    lab.set_phase(key, Phase::Ended, Some(2)).await?;
    assert!(lab.store.delete(key, true).await?);
    assert!(!lab.store.delete(key, true).await?);
    Ok(())
}

pub(super) async fn deleting_leaves_the_others<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = [lab.add(&diamond("a")).await?, lab.add(&diamond("b")).await?];
    lab.store.delete(keys[0], false).await?;
    assert_eq!(lab.snapshot(keys[1]).await?.meetings, [(3, 2)]);
    let worker = lab.worker().await?;
    assert_eq!(lab.work(worker, &diamond("b")).await?.len(), 4);
    Ok(())
}

pub(super) async fn r20_what_has_ended_long_ago_is_swept<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(5).await?;
    for (key, outcome) in keys.iter().zip([1, 2, 3]) {
        lab.set_phase(*key, Phase::Ended, Some(outcome)).await?;
    }
    lab.set_phase(keys[3], Phase::Stopping, Some(2)).await?;
    lab.tick().await?;
    assert_eq!(lab.store.sweep(Retention::default(), 100).await?, 0);
    assert_eq!(lab.store.sweep(Retention { completed: Duration::ZERO, failed: LONG }, 100).await?, 1);
    assert!(lab.store.find("many-0").await?.is_none());
    assert_eq!(lab.store.sweep(Retention { completed: LONG, failed: Duration::ZERO }, 100).await?, 2);
    let left = lab.store.list(&super::list::everything()).await?;
    assert_eq!(left.iter().map(|row| row.key).collect::<Vec<_>>(), keys[3..]);
    assert!(lab.store.jobs(keys[1]).await?.is_empty());
    Ok(())
}

pub(super) async fn r20_sweeping_goes_in_small_batches<O: Opener>(lab: Lab<O>) -> CaseResult {
    let keys = lab.add_many(7).await?;
    for key in &keys {
        lab.set_phase(*key, Phase::Ended, Some(1)).await?;
    }
    lab.tick().await?;
    let mut swept = Vec::new();
    for _ in 0..4 {
        swept.push(lab.store.sweep(AT_ONCE, 3).await?);
    }
    assert_eq!(swept, [3, 3, 1, 0]);
    Ok(())
}

pub(super) async fn r20_sweeping_leaves_workers_that_live<O: Opener>(lab: Lab<O>) -> CaseResult {
    let worker = lab.worker().await?;
    lab.store.sweep(AT_ONCE, 100).await?;
    assert!(!lab.exchange(worker, vec![], 1).await?.unknown);
    Ok(())
}

pub(super) async fn a_swept_identifier_is_free_again<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = diamond("album");
    let worker = lab.worker().await?;
    for _ in 0..2 {
        lab.add(&shape).await?;
        assert_eq!(lab.work(worker, &shape).await?.len(), 4);
        lab.tick().await?;
        assert_eq!(lab.store.sweep(AT_ONCE, 10).await?, 1);
    }
    Ok(())
}

pub(super) async fn r17_what_no_worker_can_do_is_a_stray<O: Opener>(lab: Lab<O>) -> CaseResult {
    let of = |name: &str, route| {
        let mut new = process(name, vec![]);
        new.first.route = route;
        new
    };
    let keys = lab.add_all(vec![of("a", 1), of("b", 2), of("c", 2), of("d", 3)]).await?;
    let worker = lab.worker_of(&[1], LONG).await?;
    let mut strays = lab.store.strays().await?;
    strays.sort_by_key(|stray| stray.route);
    assert_eq!(strays.iter().map(|stray| (stray.route, stray.jobs)).collect::<Vec<_>>(), [(2, 2), (3, 1)]);
    assert!([(keys[1], 0), (keys[2], 0)].contains(&strays[0].example));
    assert_eq!(strays[1].example, (keys[3], 0));
    lab.store.join(worker, vec![1, 2, 3], LONG).await?;
    assert!(lab.store.strays().await?.is_empty());
    Ok(())
}

pub(super) async fn r17_what_runs_or_has_ended_is_no_stray<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add_many(2).await?;
    let worker = lab.worker().await?;
    let claims = lab.claim(worker, 2).await?;
    lab.end_well(worker, success(claims[0].fence)).await?;
    lab.store.join(worker, vec![], LONG).await?;
    assert!(lab.store.strays().await?.is_empty());
    lab.store.give_back(worker, Some(vec![claims[1].fence])).await?;
    let strays = lab.store.strays().await?;
    assert_eq!(strays.iter().map(|stray| (stray.route, stray.jobs)).collect::<Vec<_>>(), [(ROUTE, 1)]);
    Ok(())
}

pub(super) async fn r17_a_worker_that_has_left_knows_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    assert!(lab.store.strays().await?.is_empty());
    lab.store.give_back(worker, None).await?;
    assert_eq!(lab.store.strays().await?.len(), 1);
    Ok(())
}
