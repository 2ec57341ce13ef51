//! How much runs at the same time, and who holds up whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::plan::Outcome;
use crate::testing::Opener;
use crate::testing::stage::lab::{DEADLINE, Lab, Tree, asynchronous, par, plain, seq};
use crate::testing::stage::world::{Gate, World};
use crate::testing::stage::{CaseResult, Hand, Held, Place, until, within};

/// How many are inside at the same time, at most.
#[derive(Default)]
struct Crowd {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    fn enter(&self) {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

fn many(count: usize, make: fn(&str) -> Tree) -> Tree {
    par((0..count).map(|step| make(&step.to_string())))
}

pub(super) async fn as_many_run_at_a_time_as_are_asked_for_and_no_more<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    for concurrency in [1, 3] {
        let world = World::new();
        let crowd = Arc::new(Crowd::default());
        for step in 0..40 {
            let (ours, theirs) = (crowd.clone(), crowd.clone());
            world.plain(&step.to_string(), move |_| {
                ours.enter();
                std::thread::yield_now();
                ours.leave();
                Ok(())
            });
            world.asynchronous(&format!("async {step}"), move |_| {
                let crowd = theirs.clone();
                async move {
                    crowd.enter();
                    for _ in 0..3 {
                        tokio::task::yield_now().await;
                    }
                    crowd.leave();
                    Ok(())
                }
            });
        }
        let tree =
            par((0..40).flat_map(|step| [plain(&step.to_string()), asynchronous(&format!("async {step}"))]));
        let ended = place.start_with(Lab::new(&world, tree), concurrency).await?.end().await?;
        assert!(matches!(ended.outcome, Outcome::Completed));
        assert_eq!(world.all("end").len(), 80);
        assert!(crowd.most.load(Ordering::SeqCst) <= concurrency, "{}", crowd.most.load(Ordering::SeqCst));
    }
    Ok(())
}

/// So many plain functions meet: each blocks until all are there.
async fn plain_functions_meet<O: Opener>(place: &Place<O>, count: usize) -> CaseResult {
    let world = World::new();
    let barrier = Arc::new(std::sync::Barrier::new(count));
    for step in 0..count {
        let barrier = barrier.clone();
        world.plain(&step.to_string(), move |_| {
            barrier.wait();
            Ok(())
        });
    }
    let running = place.start_with(Lab::new(&world, many(count, plain)), count).await?;
    within(running.handle.wait()).await?;
    running.end().await?;
    Ok(())
}

pub(super) async fn blocking_functions_run_at_the_same_time<O: Opener>(place: Place<O>) -> CaseResult {
    for count in [2, 3, 30] {
        plain_functions_meet(&place, count).await?;
    }
    Ok(())
}

pub(super) async fn async_functions_run_at_the_same_time<O: Opener>(place: Place<O>) -> CaseResult {
    for count in [2, 30] {
        let world = World::new();
        let barrier = Arc::new(tokio::sync::Barrier::new(count));
        for step in 0..count {
            let barrier = barrier.clone();
            world.asynchronous(&step.to_string(), move |_| {
                let barrier = barrier.clone();
                async move {
                    barrier.wait().await;
                    Ok(())
                }
            });
        }
        let running = place.start_with(Lab::new(&world, many(count, asynchronous)), count).await?;
        within(running.handle.wait()).await?;
        running.end().await?;
    }
    Ok(())
}

pub(super) async fn async_functions_hold_up_nobody_while_they_wait<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.asynchronous("waits", move |_| {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let tree = par([asynchronous("waits"), seq([plain("a"), asynchronous("b"), plain("c")])]);
    let running = place.start_with(Lab::new(&world, tree), 2).await?;
    world.until("end c").await;
    assert_eq!(world.count("end waits"), 0);
    gate.open();
    running.end().await?;
    Ok(())
}

pub(super) async fn r3_two_workers_share_a_backend_and_no_job_runs_twice<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let workers: Vec<_> =
        (0..2).map(|_| place.worker_in(&world).concurrency(3).start()).collect::<Result<_, _>>()?;
    let mut handles = Vec::new();
    for process in 0..20 {
        let steps = (0..20).map(|step| {
            let step = format!("{process}.{step}");
            if process % 2 == 0 { plain(&step) } else { asynchronous(&step) }
        });
        handles.push(Lab::new(&world, par(steps)).build().enqueue(&place.backend).await?);
    }
    for handle in &handles {
        within(handle.wait()).await?;
    }
    for process in 0..20 {
        for step in 0..20 {
            assert_eq!(world.count(&format!("begin {process}.{step}")), 1);
        }
    }
    assert_eq!(world.count("on_completed main"), 20);
    for worker in workers {
        within(worker.shutdown()).await;
    }
    Ok(())
}

pub(super) async fn r22_a_worker_with_room_is_woken_though_another_is_full<O: Opener>(
    place: Place<O>,
) -> CaseResult {
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
    let full = place.worker_in(&world).concurrency(1).start()?;
    let filling = Lab::new(&world, asynchronous("fills")).build().enqueue(&place.backend).await?;
    world.until("begin fills").await;
    let free = place.worker_in(&world).concurrency(1).start()?;
    for _ in 0..5 {
        let handle = Lab::new(&world, plain("a")).build().enqueue(&place.backend).await?;
        within(handle.wait()).await?;
    }
    gate.open();
    within(filling.wait()).await?;
    within(full.shutdown()).await;
    within(free.shutdown()).await;
    Ok(())
}

pub(super) async fn r22_who_sleeps_is_woken_by_another_program<O: Opener>(place: Place<O>) -> CaseResult {
    let lab = Lab::new(&World::new(), plain("a"));
    let hand = Hand::join(place.other().await?, &lab).await?;
    let sleeper = tokio::task::spawn_blocking(move || hand.sleep(2 * DEADLINE));
    until("it is woken", async || {
        place.enqueue(&lab).await?;
        Ok(sleeper.is_finished().then_some(()))
    })
    .await
}

pub(super) async fn r22_what_runs_is_told_by_another_program_that_its_process_stops<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let lab = Lab::new(&World::new(), plain("a"));
    let hand = Hand::join(place.other().await?, &lab).await?;
    let mut held = Vec::new();
    // Each announcement is a hint that may be lost, but not all of them.
    until("it is told", async || {
        let handle = place.enqueue(&lab).await?;
        held.push(hand.claim().await?);
        handle.cancel("enough").await?;
        Ok(held.iter().any(Held::is_told_to_stop).then_some(()))
    })
    .await
}
