//! How much runs at the same time, and who holds up whom.

use std::sync::Arc;

use tasktronaut::{LocalBackend, Worker};

use super::lab::{start_on, start_with};
use tasktronaut::testing::stage::lab::{Lab, Tree, asynchronous, par, plain, seq};
use tasktronaut::testing::stage::running::within;
use tasktronaut::testing::stage::world::{Gate, World};

fn many(count: usize, make: fn(&str) -> Tree) -> Tree {
    par((0..count).map(|step| make(&step.to_string())))
}

/// Quick jobs first, so that the worker claims many at a time; then one of those that were claimed together blocks
/// until all the others have ended.
#[tokio::test]
async fn a_function_that_blocks_holds_up_none_that_was_claimed_with_it() {
    let begun = std::time::Instant::now();
    for concurrency in [2, 4, 2, 4, 2, 4] {
        let world = World::new();
        let done = Arc::new((std::sync::Mutex::new(0), std::sync::Condvar::new()));
        for step in 0..64 {
            let done = done.clone();
            world.plain(&format!("job {step}"), move |_| {
                let (count, changed) = &*done;
                let mut count = count.lock().unwrap();
                if step == 0 {
                    let (count, _) = changed
                        .wait_timeout_while(count, tasktronaut::testing::stage::lab::DEADLINE, |count| {
                            *count < 63
                        })
                        .unwrap();
                    assert_eq!(*count, 63);
                } else {
                    *count += 1;
                    changed.notify_all();
                }
                Ok(())
            });
        }
        let warm = many(600, plain);
        let jobs = par((0..64).map(|step| plain(&format!("job {step}"))));
        let running = start_with(Lab::new(&world, seq([warm, jobs])), concurrency).await;
        within(running.handle.wait()).await.unwrap();
        running.end().await.unwrap();
    }
    // Much less than a second each, after which sleeping threads look by themselves.
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
}

/// A job that blocks, while other work keeps coming: what was claimed with it still gets its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r22_what_was_claimed_with_a_blocked_job_gets_its_turn_under_load() {
    let world = World::new();
    let gate = Gate::new();
    for step in 0..64 {
        let gate = gate.clone();
        world.plain(&format!("job {step}"), move |_| {
            if step == 0 {
                gate.block();
            }
            Ok(())
        });
    }
    let jobs = par((0..64).map(|step| plain(&format!("job {step}"))));
    let backend = LocalBackend::new();
    let running = start_on(&backend, Lab::new(&world, seq([many(600, plain), jobs])), 4).await;
    // So many processes at a time that there is always something ready.
    let load = (0..20).map(|_| {
        let backend = backend.clone();
        tokio::spawn(async move {
            loop {
                let process = Lab::new(&World::new(), seq((0..20).map(|_| plain("x")))).build();
                process.enqueue(&backend).await.unwrap().wait().await.unwrap();
            }
        })
    });
    let load: Vec<_> = load.collect();
    for step in 1..64 {
        world.until(&format!("end job {step}")).await;
    }
    load.iter().for_each(tokio::task::JoinHandle::abort);
    gate.open();
    running.end().await.unwrap();
}

#[tokio::test]
async fn r22_a_worker_with_room_is_woken_though_another_is_full() {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.asynchronous("fills", move |_| {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let backend = LocalBackend::new();
    let full = Worker::new(backend.clone()).concurrency(1).start().unwrap();
    let filling = Lab::new(&world, asynchronous("fills")).build().enqueue(&backend).await.unwrap();
    world.until("begin fills").await;
    let free = Worker::new(backend.clone()).concurrency(1).start().unwrap();
    let begun = std::time::Instant::now();
    for _ in 0..20 {
        let handle = Lab::new(&world, plain("a")).build().enqueue(&backend).await.unwrap();
        within(handle.wait()).await.unwrap();
    }
    // Much less than a second each, after which sleeping threads look by themselves.
    assert!(begun.elapsed().as_secs() < 6, "20 processes took {:?}", begun.elapsed());
    gate.open();
    within(filling.wait()).await.unwrap();
    within(full.shutdown()).await;
    within(free.shutdown()).await;
}
