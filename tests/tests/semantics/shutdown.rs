//! R18: a worker goes, and its work is taken over.

use tasktronaut::{LocalBackend, Worker};

use tasktronaut::testing::stage::lab::Lab;
use tasktronaut::testing::stage::running::within;
use tasktronaut::testing::stage::world::{Gate, World};

#[tokio::test]
async fn r18_a_worker_without_work_stops_at_once() {
    let begun = std::time::Instant::now();
    for _ in 0..10 {
        let worker = Worker::new(LocalBackend::new()).concurrency(4).start().unwrap();
        within(worker.shutdown()).await;
    }
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn r18_a_function_that_was_given_up_does_not_hold_up_a_shutdown_for_long() {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |_| {
        ours.block();
        Ok(())
    });
    let begun = std::time::Instant::now();
    let process = Lab::new(&world, tasktronaut::testing::stage::lab::task("plain_timeout", "a")).build();
    assert!(within(process.run()).await.is_err());
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    gate.open();
}
