//! Rows that somebody has spoilt: they are named as such, and do not harm their neighbours.

use tasktronaut::BackendError;
use tasktronaut::backend::store::{Changes, ListFilter, Recorded, Reviser, Store};
use tasktronaut_tests::fan;

use crate::folder::{Folder, add, claim, worker};

fn is_corrupt<T: std::fmt::Debug>(answer: &Result<T, BackendError>) {
    assert!(matches!(answer, Err(BackendError::Corrupt { .. })), "{answer:?}");
}

fn everything() -> ListFilter {
    ListFilter { limit: 100, ..ListFilter::default() }
}

#[tokio::test]
async fn a_process_that_makes_no_sense() {
    for change in [
        "phase = 77",
        "phase = -1",
        "outcome = 9",
        "rank = 9223372036854775807",
        "rank = -9223372036854775808",
        "identifier = CAST(x'ff00ff' AS TEXT)",
        "paused = 5, phase = 4",
    ] {
        let folder = Folder::new();
        let store = folder.store();
        let (bad, good) = (add(&store, "bad").await, add(&store, "good").await);
        let worker = worker(&store).await;
        let claims = claim(&store, worker, 2).await;
        assert_eq!(claims.len(), 2);
        folder
            .raw()
            .execute(&format!("UPDATE process SET {change} WHERE key = ?1"), [bad.cast_signed()])
            .unwrap();
        is_corrupt(&store.revise(bad, Reviser::new(|_| Ok((Changes::default(), ())))).await);
        if !change.contains("identifier") {
            is_corrupt(&store.find("bad").await);
        }
        assert!(store.find("good").await.unwrap().is_some());
        let listed: Vec<_> = store.list(&everything()).await.unwrap().iter().map(|row| row.key).collect();
        assert_eq!(listed, [good], "{change}");
        let ends = claims.iter().map(|claim| fan::success(claim.fence)).collect();
        let recorded = store.exchange(worker, ends, 100).await.unwrap().recorded;
        let of_good = claims.iter().position(|claim| claim.fence.key == good).unwrap();
        assert_eq!(recorded[of_good], Recorded::Done, "{change}");
        if change.contains("phase") {
            assert_eq!(recorded[1 - of_good], Recorded::Revise, "{change}");
        }
        store.beat(worker, true, 3).await.unwrap();
    }
}

#[tokio::test]
async fn a_job_that_makes_no_sense() {
    for change in [
        "state = 99",
        "state = -1",
        "attempt = -5",
        "attempt = 9223372036854775807",
        "failed = -1",
        "lost = 4294967296",
        "undecoded = -1",
        "nonce = -1",
        "worker = x'0102'",
    ] {
        let folder = Folder::new();
        let store = folder.store();
        let (bad, good) = (add(&store, "bad").await, add(&store, "good").await);
        folder
            .raw()
            .execute(&format!("UPDATE job SET {change} WHERE process = ?1"), [bad.cast_signed()])
            .unwrap();
        is_corrupt(&store.jobs(bad).await);
        is_corrupt(&store.revise(bad, Reviser::new(|_| Ok((Changes::default(), ())))).await);
        assert_eq!(store.jobs(good).await.unwrap().len(), 1);
        let worker = worker(&store).await;
        let claims = claim(&store, worker, 10).await;
        assert!(claims.iter().any(|claim| claim.fence.key == good), "{change}");
        store.beat(worker, true, 3).await.unwrap();
        store.strays().await.unwrap();
        store.give_back(worker, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_job_that_runs_and_makes_no_sense() {
    for change in ["attempt = -5", "nonce = 4294967296", "worker = x''", "lease = -9223372036854775808"] {
        let folder = Folder::new();
        let store = folder.store();
        let (bad, good) = (add(&store, "bad").await, add(&store, "good").await);
        let worker = worker(&store).await;
        let claims = claim(&store, worker, 2).await;
        folder
            .raw()
            .execute(&format!("UPDATE job SET {change} WHERE process = ?1"), [bad.cast_signed()])
            .unwrap();
        let beat = store.beat(worker, false, 3).await.unwrap();
        assert!(beat.held.iter().any(|fence| fence.key == good), "{change}");
        let end = claims.iter().find(|claim| claim.fence.key == good).map(|claim| fan::success(claim.fence));
        let exchange = store.exchange(worker, end.into_iter().collect(), 5).await.unwrap();
        assert_eq!(exchange.recorded, [Recorded::Done], "{change}");
    }
}

#[tokio::test]
async fn a_meeting_that_makes_no_sense_spoils_its_own_end_only() {
    let folder = Folder::new();
    let store = folder.store();
    let bad = add(&store, "bad").await;
    let good = add(&store, "good").await;
    let worker = worker(&store).await;
    let firsts = claim(&store, worker, 2).await;
    let ends = firsts.iter().map(|claim| fan::success(claim.fence)).collect();
    let claims = store.exchange(worker, ends, 100).await.unwrap().claims;
    assert_eq!(claims.len(), 40);
    folder
        .raw()
        .execute("UPDATE meeting SET lets_go = x'FFFFFFFF00' WHERE process = ?1", [bad.cast_signed()])
        .unwrap();
    let ends = claims.iter().map(|claim| fan::success(claim.fence)).collect();
    let exchange = store.exchange(worker, ends, 100).await.unwrap();
    let spoilt = exchange.recorded.iter().filter(|recorded| **recorded == Recorded::Revise).count();
    assert_eq!(
        (spoilt, exchange.recorded.iter().filter(|recorded| **recorded == Recorded::Done).count()),
        (1, 39)
    );
    assert_eq!(exchange.claims.iter().map(|claim| claim.fence.key).collect::<Vec<_>>(), [good]);
    let still = store.jobs(bad).await.unwrap().iter().filter(|job| job.worker.is_some()).count();
    assert_eq!(still, 1, "the end that could not be recorded left its job as it was");
    let count = "SELECT waits_for FROM meeting WHERE process = ?1";
    let count: i64 = folder.raw().query_row(count, [bad.cast_signed()], |row| row.get(0)).unwrap();
    assert_eq!(count, 1, "and what it had counted down");
}

#[tokio::test]
async fn a_worker_that_makes_no_sense() {
    let folder = Folder::new();
    let store = folder.store();
    add(&store, "album").await;
    let (bad, good) = (worker(&store).await, worker(&store).await);
    let id = bad.as_u128().to_be_bytes();
    folder.raw().execute("UPDATE worker SET routes = x'010203', version = 0 WHERE id = ?1", [id]).unwrap();
    is_corrupt(&store.exchange(bad, vec![], 1).await);
    assert_eq!(claim(&store, good, 1).await.len(), 1);
    store.strays().await.unwrap();
}
