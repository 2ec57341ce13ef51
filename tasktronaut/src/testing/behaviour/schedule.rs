//! R6: queues, priorities and delayed starts.

use std::time::{Duration, Instant, SystemTime};

use crate::plan::JobState;
use crate::testing::stage::lab::{Lab, asynchronous, par, plain, seq, task};
use crate::testing::stage::world::{Gate, World};
use crate::testing::stage::{CaseResult, Opener, Place, within, worker};

/// A delay that is long enough to be seen.
const DELAY: Duration = Duration::from_millis(700);

pub(super) async fn a_worker_works_on_its_queues_only<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let build = |step: &str| Lab::new(&world, plain(step)).builder();
    let night = build("a").queue("night").build()?.enqueue(&place.backend).await?;
    let day = build("b").build()?.enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).start()?;
    within(day.wait()).await?;
    assert_eq!(night.status().await?.count(JobState::Blocked), 1);
    let other = place.worker_in(&world).queues(["night"]).start()?;
    within(night.wait()).await?;
    assert_eq!((world.count("end a"), world.count("end b")), (1, 1));
    within(worker.shutdown()).await;
    within(other.shutdown()).await;
    Ok(())
}

/// What one program lets go for the queue of another is heard of there at once, and not with the next poll.
pub(super) async fn r22_a_step_for_another_queue_is_heard_of<O: Opener>(place: Place<O>) -> CaseResult {
    const STEPS: usize = 24;
    let world = World::new();
    let tree = seq((0..STEPS).map(|step| {
        let task_name = if step % 2 == 0 { "plain" } else { "plain_night" };
        task(task_name, &step.to_string())
    }));
    let lab = Lab::new(&world, tree);
    let day = place.worker(&lab).start()?;
    let night = worker(&place.other().await?, &lab.registry()).queues(["night"]).start()?;
    let begun = Instant::now();
    let handle = lab.build().enqueue(&place.backend).await?;
    within(handle.wait()).await?;
    // Who polls once a second finds a job after half of one.
    let by_polling = Duration::from_millis(500) * u32::try_from(STEPS)?;
    assert!(begun.elapsed() < by_polling / 2, "{:?}", begun.elapsed());
    within(day.shutdown()).await;
    within(night.shutdown()).await;
    Ok(())
}

/// With one place and all there at once, those of a higher priority go first.
pub(super) async fn r6_higher_priorities_go_first_under_a_backlog<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let mut handles = Vec::new();
    for priority in [0_i16, -5, 9, 5, -9] {
        let lab = Lab::new(&world, plain(&priority.to_string()));
        handles.push(lab.builder().priority(priority).build()?.enqueue(&place.backend).await?);
    }
    let worker = place.worker_in(&world).concurrency(1).start()?;
    for handle in &handles {
        within(handle.wait()).await?;
    }
    let wanted = ["begin 9", "begin 5", "begin 0", "begin -5", "begin -9"];
    assert_eq!(world.all("begin"), wanted);
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn a_higher_priority_overtakes_a_process_under_way<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("0", move |_| {
        ours.block();
        Ok(())
    });
    let lab = Lab::new(&world, seq((0..40).map(|step| plain(&step.to_string()))));
    let low = place.enqueue(&lab).await?;
    let worker = place.worker_in(&world).concurrency(1).start()?;
    world.until("begin 0").await;
    let urgent = Lab::new(&world, plain("urgent")).builder().priority(10).build()?;
    let urgent = urgent.enqueue(&place.backend).await?;
    gate.open();
    within(urgent.wait()).await?;
    within(low.wait()).await?;
    world.assert_order("begin urgent", "begin 39");
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn a_process_may_begin_later<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let worker = place.worker_in(&world).start()?;
    let begun = Instant::now();
    let lab = Lab::new(&world, par([plain("a"), asynchronous("b")]));
    let handle = lab.builder().start_after(DELAY).build()?.enqueue(&place.backend).await?;
    let status = handle.status().await?;
    let first = &status.jobs[0];
    assert_eq!((&*first.name, first.state, first.attempt), ("on_started", JobState::Waiting, 0));
    // Others do not wait for it.
    within(place.enqueue(&Lab::new(&world, plain("c"))).await?.wait()).await?;
    within(handle.wait()).await?;
    assert!(begun.elapsed() >= DELAY);
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn a_process_may_begin_at_a_time<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let worker = place.worker_in(&world).start()?;
    let (now, begun) = (SystemTime::now(), Instant::now());
    let build = |step: &str| Lab::new(&world, plain(step)).builder();
    let later = build("a").start_at(now + DELAY).build()?.enqueue(&place.backend).await?;
    let past = build("b").start_at(now - DELAY).build()?.enqueue(&place.backend).await?;
    within(past.wait()).await?;
    within(later.wait()).await?;
    assert!(begun.elapsed() + Duration::from_millis(50) >= DELAY);
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn a_delayed_process_can_be_cancelled<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let lab = Lab::new(&world, plain("a"));
    let handle =
        lab.builder().start_after(Duration::from_secs(3600)).build()?.enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).start()?;
    handle.cancel("enough").await?;
    assert!(within(handle.wait()).await.is_err());
    assert_eq!(world.log(), ["on_cancelled main"]);
    within(worker.shutdown()).await;
    Ok(())
}
