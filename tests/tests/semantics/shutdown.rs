//! R18: a worker goes, and its work is taken over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tasktronaut::{JobState, LocalBackend, Outcome, Worker};

use super::lab::{DEADLINE, Lab, assert_nothing_left, asynchronous, par, plain, seq, status, within};
use super::world::{Gate, World};

#[tokio::test]
async fn r18_running_jobs_may_finish_and_no_more_are_begun() {
    let world = World::new();
    let gate = Gate::new();
    let (ours, theirs) = (gate.clone(), gate.clone());
    world.plain("a", move |_| {
        ours.block();
        Ok(())
    });
    world.asynchronous("b", move |_| {
        let gate = theirs.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let backend = LocalBackend::new();
    let tree = seq([par([plain("a"), asynchronous("b")]), plain("c")]);
    let handle = Lab::new(&world, tree).build().enqueue(&backend).await.unwrap();
    let worker = Worker::new(backend.clone()).concurrency(4).grace(DEADLINE).start().unwrap();
    world.until("begin a").await;
    world.until("begin b").await;
    let ends = async {
        tokio::task::yield_now().await;
        gate.open();
    };
    tokio::join!(within(worker.shutdown()), ends);
    let seen = status(&handle).await;
    assert_eq!((seen.count(JobState::Succeeded), seen.count(JobState::Running)), (2, 0));
    assert_eq!(world.count("begin c"), 0);

    let next = Worker::new(backend).start().unwrap();
    within(handle.wait()).await.unwrap();
    assert_eq!(world.count("end c"), 1);
    within(next.shutdown()).await;
}

/// After the grace async attempts are dropped, plain ones are given up, and the next worker runs both.
#[tokio::test]
async fn r18_after_the_grace_jobs_are_given_back_uncharged() {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |context| {
        if context.attempt() == 1 {
            ours.block();
        }
        Ok(())
    });
    world.asynchronous("b", |call| async move {
        if call.context().attempt() == 1 { std::future::pending().await } else { Ok(()) }
    });
    let backend = LocalBackend::new();
    let handle =
        Lab::new(&world, par([plain("a"), asynchronous("b")])).build().enqueue(&backend).await.unwrap();
    let worker =
        Worker::new(backend.clone()).concurrency(4).grace(Duration::from_millis(10)).start().unwrap();
    world.until("begin a").await;
    world.until("begin b").await;
    within(worker.shutdown()).await;
    world.until("drop b").await;
    assert_eq!(status(&handle).await.count(JobState::Running), 0);

    // No retry is asked for: giving back charges nothing.
    let next = Worker::new(backend).start().unwrap();
    within(handle.wait()).await.unwrap();
    gate.open();
    assert_nothing_left(&status(&handle).await);
    assert_eq!((world.count("begin a"), world.count("begin b")), (2, 2));
    assert_eq!(world.all("on_task_failed").len(), 0);
    within(next.shutdown()).await;
}

#[tokio::test]
async fn r18_what_was_claimed_and_not_begun_is_never_begun_by_a_worker_that_is_gone() {
    let world = World::new();
    let gate = Gate::new();
    let begun = Arc::new(AtomicUsize::new(0));
    for step in 0..64 {
        let (gate, begun) = (gate.clone(), begun.clone());
        world.plain(&format!("job {step}"), move |_| {
            begun.fetch_add(1, Ordering::SeqCst);
            gate.block();
            Ok(())
        });
    }
    let warm = par((0..600).map(|step| plain(&format!("warm {step}"))));
    let tree = seq([warm, par((0..64).map(|step| plain(&format!("job {step}"))))]);
    let backend = LocalBackend::new();
    let handle = Lab::new(&world, tree).build().enqueue(&backend).await.unwrap();
    let worker =
        Worker::new(backend.clone()).concurrency(1).grace(Duration::from_millis(10)).start().unwrap();
    let running = || async { status(&handle).await.tasks().filter(|job| &*job.name == "plain").count() };
    assert_eq!(running().await, 664);
    within(async {
        while begun.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    within(worker.shutdown()).await;
    let seen = status(&handle).await;
    assert_eq!((seen.count(JobState::Running), seen.count(JobState::Ready)), (0, 64));
    gate.open();
    // The thread of the first worker goes on to its next job, if it can; a second worker runs each just once.
    let next = Worker::new(backend).start().unwrap();
    within(handle.wait()).await.unwrap();
    within(next.shutdown()).await;
    assert_eq!(begun.load(Ordering::SeqCst), 65, "one was begun twice, by design");
}

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
async fn r18_shutting_down_while_the_process_is_cancelled_ends_it_elsewhere() {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |_| {
        ours.block();
        Ok(())
    });
    let backend = LocalBackend::new();
    let handle = Lab::new(&world, plain("a")).build().enqueue(&backend).await.unwrap();
    let worker = Worker::new(backend.clone()).grace(Duration::from_millis(10)).start().unwrap();
    world.until("begin a").await;
    handle.cancel("enough").await.unwrap();
    within(worker.shutdown()).await;
    let next = Worker::new(backend).start().unwrap();
    let outcome = within(handle.outcome()).await.unwrap();
    assert!(matches!(outcome, Outcome::Cancelled { .. }));
    let seen = status(&handle).await;
    assert_nothing_left(&seen);
    assert_eq!(seen.count(JobState::Cancelled), 1);
    gate.open();
    assert_eq!((world.count("begin a"), world.count("on_cancelled main")), (1, 1));
    within(next.shutdown()).await;
}

#[tokio::test]
async fn r18_a_worker_that_is_dropped_gives_its_jobs_back() {
    let world = World::new();
    world.asynchronous("a", |call| async move {
        if call.context().attempt() == 1 { std::future::pending().await } else { Ok(()) }
    });
    let backend = LocalBackend::new();
    let handle = Lab::new(&world, asynchronous("a")).build().enqueue(&backend).await.unwrap();
    let worker = Worker::new(backend.clone()).start().unwrap();
    world.until("begin a").await;
    drop(worker);
    world.until("drop a").await;
    let next = Worker::new(backend).start().unwrap();
    within(handle.wait()).await.unwrap();
    within(next.shutdown()).await;
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
    let process = Lab::new(&world, super::lab::task("plain_timeout", "a")).build();
    assert!(within(process.run()).await.is_err());
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    gate.open();
}
