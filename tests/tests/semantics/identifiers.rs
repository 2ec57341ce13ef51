//! R2: the identifier is the idempotency key.

use tasktronaut::backend::LocalOptions;
use tasktronaut::{BackendError, Enqueued, LocalBackend, Outcome, Process, Worker};

use tasktronaut::testing::stage::lab::{Lab, Tree, plain};
use tasktronaut::testing::stage::running::within;
use tasktronaut::testing::stage::world::World;

fn process(world: &World, identifier: &str, tree: Tree) -> Process {
    Lab::new(world, tree).builder().identifier(identifier).build().unwrap()
}

#[tokio::test]
async fn r20_what_has_ended_is_forgotten_when_there_is_too_much_of_it() {
    let world = World::new();
    let backend = LocalBackend::with(LocalOptions::default().keep_at_most(2));
    let worker = Worker::new(backend.clone()).start().unwrap();
    let mut handles = Vec::new();
    for number in 0..4 {
        let handle = process(&world, &format!("album-{number}"), plain("a")).enqueue(&backend).await.unwrap();
        within(handle.wait()).await.unwrap();
        handles.push(handle);
    }
    for (number, handle) in handles.iter().enumerate() {
        let is_known = handle.status().await.is_ok();
        assert_eq!(is_known, number >= 2, "album-{number}");
        if !is_known {
            assert!(matches!(handle.outcome().await, Err(BackendError::UnknownProcess { .. })));
            assert!(matches!(handle.cancel("x").await, Err(BackendError::UnknownProcess { .. })));
            assert!(handle.events().await.is_err());
        }
    }
    // The identifier is free again.
    let again = process(&world, "album-0", plain("other")).enqueue(&backend).await.unwrap();
    assert_eq!(again.enqueued(), Enqueued::Created);
    within(again.wait()).await.unwrap();
    assert!(handles[3].status().await.is_ok() && handles[2].status().await.is_err());
    within(worker.shutdown()).await;
}

#[tokio::test]
async fn r20_waiting_for_a_process_that_is_kept_no_longer_than_it_runs() {
    let world = World::new();
    let backend = LocalBackend::with(LocalOptions::default().keep_at_most(0));
    let handle = process(&world, "album-17", plain("a")).enqueue(&backend).await.unwrap();
    let (waiter, worker) = (handle.clone(), backend.clone());
    let started = async { Worker::new(worker).start().unwrap() };
    let (outcome, worker) = tokio::join!(within(waiter.outcome()), started);
    assert!(matches!(outcome.unwrap(), Outcome::Completed));
    within(worker.shutdown()).await;
    assert!(matches!(handle.status().await, Err(BackendError::UnknownProcess { .. })));
}
