//! When the database is busy, the disk is full, or the clock goes back: nothing is lost.

use std::time::Duration;

use tasktronaut::BackendError;
use tasktronaut::backend::SqliteStore;
use tasktronaut::backend::store::{Changes, End, How, Recorded, Reviser, Snapshot, Store, Stored, Then};
use tasktronaut_tests::fan;

use crate::folder::{Folder, add, claim, worker};

#[tokio::test]
async fn a_busy_database_is_an_error_and_loses_nothing() {
    let folder = Folder::new();
    let store = SqliteStore::open_with(folder.options().busy_timeout(Duration::from_millis(30))).unwrap();
    add(&store, "album").await;
    let worker = worker(&store).await;
    let fence = claim(&store, worker, 1).await[0].fence;
    let other = folder.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..2 {
        let answer = store.exchange(worker, vec![fan::success(fence)], 1).await;
        assert!(matches!(answer, Err(BackendError::Store { .. })), "{answer:?}");
    }
    assert!(store.beat(worker, true, 3).await.is_err());
    assert!(store.find("album").await.unwrap().is_some(), "readers do not wait");
    other.execute_batch("ROLLBACK").unwrap();
    let exchange = store.exchange(worker, vec![fan::success(fence)], 100).await.unwrap();
    assert_eq!((exchange.recorded.as_slice(), exchange.claims.len()), ([Recorded::Done].as_slice(), 20));
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = Folder::new();
    let store = folder.store();
    add(&store, "album").await;
    let worker = worker(&store).await;
    let fence = claim(&store, worker, 1).await[0].fence;
    // The limit of the pages is kept by each connection, so that a large plan has to stand in for a full disk: what
    // SQLite refuses as too large fails within the transaction in the same way.
    let mut large = fan::process("large");
    large.plan = vec![0; 1_000_000_001];
    let (failed, done) = tokio::join!(
        store.enqueue(vec![fan::process("before"), large].into()),
        store.exchange(worker, vec![fan::success(fence)], 100)
    );
    assert!(matches!(failed, Err(BackendError::Store { .. })), "{failed:?}");
    assert_eq!(done.unwrap().claims.len(), 20);
    assert!(store.find("before").await.unwrap().is_none());
}

#[tokio::test]
async fn a_failed_request_does_not_spoil_those_it_shares_a_commit_with() {
    let folder = Folder::new();
    let store = folder.store();
    let key = add(&store, "album").await;
    let mut requests = tokio::task::JoinSet::new();
    for number in 0..60 {
        let store = store.clone();
        requests.spawn(async move {
            if number % 3 == 0 {
                let refuse = |_: &Snapshot| Err::<(Changes, ()), _>(BackendError::Closed);
                assert!(matches!(store.revise(key, Reviser::new(refuse)).await, Err(BackendError::Closed)));
            } else {
                let stored = store.enqueue(vec![fan::process(&number.to_string())].into()).await.unwrap();
                assert!(matches!(stored[0], Stored::Created(_)));
            }
        });
    }
    requests.join_all().await;
    for number in 0..60 {
        assert_eq!(store.find(&number.to_string()).await.unwrap().is_some(), number % 3 != 0, "{number}");
    }
}

#[tokio::test]
async fn a_panic_in_a_revision_is_an_error_of_that_revision() {
    let folder = Folder::new();
    let store = folder.store();
    let key = add(&store, "album").await;
    let answer: Result<Option<()>, _> =
        store.revise(key, Reviser::new(|_| panic!("a mistake in the rules"))).await;
    assert!(answer.unwrap_err().to_string().contains("a mistake in the rules"));
    let worker = worker(&store).await;
    assert_eq!(claim(&store, worker, 1).await.len(), 1);
}

#[tokio::test]
async fn the_clock_never_goes_back_and_never_stands_still() {
    let folder = Folder::new();
    let store = folder.store();
    add(&store, "first").await;
    // As if the host's clock had been a year ahead.
    let ahead: i64 = 365 * 24 * 3_600_000;
    folder.raw().execute("UPDATE clock SET now = now + ?1", [ahead]).unwrap();
    let mut times = vec![store.find("first").await.unwrap().unwrap().created_at + ahead];
    for (number, store) in [store.clone(), folder.store(), store].iter().enumerate() {
        add(store, &number.to_string()).await;
        times.push(store.find(&number.to_string()).await.unwrap().unwrap().created_at);
    }
    assert!(times.is_sorted(), "{times:?}");
    let store = folder.store();
    let worker = worker(&store).await;
    let fence = claim(&store, worker, 1).await[0].fence;
    store.join(worker, vec![fan::ROUTE], Duration::ZERO).await.unwrap();
    store.beat(worker, true, 3).await.unwrap();
    let reaped = loop {
        let beat = store.beat(worker, false, 3).await.unwrap();
        if beat.held.is_empty() {
            break fence;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(reaped, fence);
}

/// Programs of one file may see other times: what lasts and what waits is measured by the file's.
#[tokio::test]
async fn r7_r10_leases_and_pauses_are_by_the_clock_of_the_store() {
    const LONG: Duration = Duration::from_hours(1);
    let folder = Folder::new();
    let store = folder.store();
    for name in ["held", "waits"] {
        add(&store, name).await;
    }
    // As if another program's clock had been a year ahead.
    let ahead: i64 = 365 * 24 * 3_600_000;
    folder.raw().execute("UPDATE clock SET now = now + ?1", [ahead]).unwrap();
    let worker = worker(&store).await;
    let fences: Vec<_> = claim(&store, worker, 2).await.iter().map(|claim| claim.fence).collect();
    let pause =
        End { fence: fences[1], how: How::Retry(LONG), error: None, then: Then::default(), last: false };
    let exchange = store.exchange(worker, vec![pause], 1).await.unwrap();
    assert!(exchange.claims.is_empty() && exchange.next_due > Some(LONG / 2), "{exchange:?}");
    let beat = store.beat(worker, false, 3).await.unwrap();
    assert_eq!((beat.reaped, beat.held), (0, vec![fences[0]]));
}
