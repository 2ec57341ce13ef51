//! R18: a worker goes, and its work is taken over.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use crate::plan::{JobState, Outcome};
use crate::testing::Opener;
use crate::testing::stage::lab::{DEADLINE, Lab, asynchronous, par, plain, seq};
use crate::testing::stage::world::{Gate, World};
use crate::testing::stage::{CaseResult, Place, Severed, assert_nothing_left, within, worker};

pub(super) async fn r18_running_jobs_may_finish_and_no_more_are_begun<O: Opener>(
    place: Place<O>,
) -> CaseResult {
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
    let tree = seq([par([plain("a"), asynchronous("b")]), plain("c")]);
    let handle = Lab::new(&world, tree).build().enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).concurrency(4).grace(DEADLINE).start()?;
    world.until("begin a").await;
    world.until("begin b").await;
    let mut ending = pin!(worker.shutdown());
    let has_ended = poll_fn(|context| Poll::Ready(ending.as_mut().poll(context).is_ready())).await;
    assert!(!has_ended, "it waits for what runs");
    gate.open();
    within(ending).await;
    let seen = handle.status().await?;
    assert_eq!((seen.count(JobState::Succeeded), seen.count(JobState::Running)), (2, 0));
    assert_eq!(world.count("begin c"), 0);

    let next = place.worker_in(&world).start()?;
    within(handle.wait()).await?;
    assert_eq!(world.count("end c"), 1);
    within(next.shutdown()).await;
    Ok(())
}

/// After the grace async attempts are dropped, plain ones are given up, and the next worker runs both.
pub(super) async fn r18_after_the_grace_jobs_are_given_back_uncharged<O: Opener>(
    place: Place<O>,
) -> CaseResult {
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
    let handle =
        Lab::new(&world, par([plain("a"), asynchronous("b")])).build().enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).concurrency(4).grace(Duration::from_millis(10)).start()?;
    world.until("begin a").await;
    world.until("begin b").await;
    within(worker.shutdown()).await;
    world.until("drop b").await;
    assert_eq!(handle.status().await?.count(JobState::Running), 0);

    // No retry is asked for: giving back charges nothing.
    let next = place.worker_in(&world).start()?;
    within(handle.wait()).await?;
    gate.open();
    assert_nothing_left(&handle.status().await?);
    assert_eq!((world.count("begin a"), world.count("begin b")), (2, 2));
    assert_eq!(world.all("on_task_failed").len(), 0);
    within(next.shutdown()).await;
    Ok(())
}

pub(super) async fn r18_what_was_claimed_and_not_begun_is_never_begun_by_a_worker_that_is_gone<O: Opener>(
    place: Place<O>,
) -> CaseResult {
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
    let handle = Lab::new(&world, tree).build().enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).concurrency(1).grace(Duration::from_millis(10)).start()?;
    assert_eq!(handle.status().await?.tasks().filter(|job| &*job.name == "plain").count(), 664);
    within(async {
        while begun.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    within(worker.shutdown()).await;
    let seen = handle.status().await?;
    assert_eq!((seen.count(JobState::Running), seen.count(JobState::Ready)), (0, 64));
    gate.open();
    // The thread of the first worker goes on to its next job, if it can; a second worker runs each just once.
    let next = place.worker_in(&world).start()?;
    within(handle.wait()).await?;
    within(next.shutdown()).await;
    assert_eq!(begun.load(Ordering::SeqCst), 65, "one was begun twice, by design");
    Ok(())
}

pub(super) async fn r18_shutting_down_while_the_process_is_cancelled_ends_it_elsewhere<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |_| {
        ours.block();
        Ok(())
    });
    let handle = Lab::new(&world, plain("a")).build().enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).grace(Duration::from_millis(10)).start()?;
    world.until("begin a").await;
    handle.cancel("enough").await?;
    within(worker.shutdown()).await;
    let next = place.worker_in(&world).start()?;
    let outcome = within(handle.outcome()).await?;
    assert!(matches!(outcome, Outcome::Cancelled { .. }));
    let seen = handle.status().await?;
    assert_nothing_left(&seen);
    assert_eq!(seen.count(JobState::Cancelled), 1);
    gate.open();
    assert_eq!((world.count("begin a"), world.count("on_cancelled main")), (1, 1));
    within(next.shutdown()).await;
    Ok(())
}

pub(super) async fn r18_a_worker_that_is_dropped_gives_its_jobs_back<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |call| async move {
        if call.context().attempt() == 1 { std::future::pending().await } else { Ok(()) }
    });
    let handle = Lab::new(&world, asynchronous("a")).build().enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).start()?;
    world.until("begin a").await;
    drop(worker);
    world.until("drop a").await;
    let next = place.worker_in(&world).start()?;
    within(handle.wait()).await?;
    // Nobody had to wait until its lease had run out.
    assert!(handle.status().await?.jobs.iter().all(|job| job.lost == 0));
    within(next.shutdown()).await;
    Ok(())
}

pub(super) async fn r18_what_runs_is_dropped_with_its_worker_though_the_link_is_down<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let lab = Lab::new(&world, asynchronous("a"));
    place.enqueue(&lab).await?;
    let (severed, switch) = Severed::new(place.backend.clone());
    let worker = worker(&severed, &lab.registry()).start()?;
    world.until("begin a").await;
    switch.fail();
    drop(worker);
    world.until("drop a").await;
    Ok(())
}
