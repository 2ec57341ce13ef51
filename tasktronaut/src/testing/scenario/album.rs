//! One album is published: what can go wrong, and how it goes on.

use std::time::Duration;

use crate::backend::Backend;
use crate::engine::Client;
use crate::plan::{JobState, Outcome};
use crate::testing::stage::lab::{AT_ONCE, Lab, Tree, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::{Gate, World};
use crate::testing::stage::{CaseResult, Opener, Place, Severed, state_of, within, worker};
use crate::words::error::{CancelProcessError, NonRetryableProcessError, TaskError};
use crate::words::policy::Policy;

/// An album of so many photos: `create`, then `resize n` and `watermark n` for each of them beside the cover, then
/// `announce`.
fn album(world: &World, photos: usize) -> Lab {
    let photo =
        |number| seq([plain(&format!("resize {number}")), asynchronous(&format!("watermark {number}"))]);
    let mut beside: Vec<Tree> = (0..photos).map(photo).collect();
    beside.push(sub(Lab::new(world, seq([plain("choose"), plain("print")])).named("cover")));
    Lab::new(world, seq([plain("create"), par(beside), plain("announce")])).named("album")
}

pub(super) async fn a_photo_that_fails_is_retried_by_hand<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let broken = world.clone();
    world.plain("resize 3", move |_| match broken.count("repaired") {
        0 => Err(TaskError::new(NonRetryableProcessError::new("broken header"))),
        _ => Ok(()),
    });
    let lab = album(&world, 6).policy(Policy::new().finish_siblings());
    let running = place.start(lab).await?;
    let Outcome::Failed(failure) = within(running.handle.outcome()).await? else {
        panic!("it has not failed")
    };
    assert_eq!(failure.error().to_string(), "broken header");
    let status = running.handle.status().await?;
    assert_eq!((status.count(JobState::Failed), status.count(JobState::Succeeded)), (1, 13));
    assert_eq!(
        (state_of(&status, "watermark 3"), state_of(&status, "announce")),
        (JobState::Skipped, JobState::Skipped)
    );
    world.note("repaired");
    running.handle.retry_failed().await?;
    let ended = running.end().await?;
    ended.completed();
    assert_eq!(ended.status.count(JobState::Succeeded), 16);
    for photo in 0..6 {
        assert_eq!(world.count(&format!("end resize {photo}")), 1);
        assert_eq!(world.count(&format!("end watermark {photo}")), 1);
    }
    assert_eq!((world.count("end announce"), world.count("on_completed cover")), (1, 1));
    assert_eq!((world.count("on_failed album"), world.count("on_completed album")), (1, 1));
    Ok(())
}

pub(super) async fn two_workers_share_an_album<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let lab = album(&world, 60);
    let handle = place.enqueue(&lab).await?;
    let one = place.worker(&lab).concurrency(4).start()?;
    let two = worker(&place.other().await?, &lab.registry()).concurrency(4).start()?;
    within(handle.wait()).await?;
    for photo in 0..60 {
        world.assert_order(&format!("end resize {photo}"), &format!("begin watermark {photo}"));
        world.assert_order(&format!("end watermark {photo}"), "begin announce");
    }
    assert_eq!(world.all("begin").len(), 124);
    within(one.shutdown()).await;
    within(two.shutdown()).await;
    Ok(())
}

pub(super) async fn workers_are_replaced_one_by_one_while_it_is_under_way<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let lab = Lab::new(&world, seq((0..30).map(|step| plain(&step.to_string()))));
    let handle = place.enqueue(&lab).await?;
    let mut present = place.worker(&lab).start()?;
    for step in [4, 9, 14, 19, 24] {
        world.until(&format!("end {step}")).await;
        let next = worker(&place.other().await?, &lab.registry()).start()?;
        within(present.shutdown()).await;
        present = next;
    }
    within(handle.wait()).await?;
    for step in 0..30 {
        assert_eq!(world.count(&format!("begin {step}")), 1, "a shutdown in good order repeats nothing");
    }
    within(present.shutdown()).await;
    Ok(())
}

pub(super) async fn it_is_withdrawn_half_way_with_its_cover_under_way<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("watermark 1", |_| std::future::pending());
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("choose", move |_| {
        ours.block();
        Ok(())
    });
    let running = place.start(album(&world, 3)).await?;
    world.until("begin watermark 1").await;
    world.until("begin choose").await;
    Client::new(&place.other().await?).handle(running.handle.identifier()).cancel("withdrawn").await?;
    gate.open();
    let ended = running.end().await?;
    assert!(matches!(&ended.outcome, Outcome::Cancelled { reason } if &**reason == "withdrawn"));
    assert_eq!((ended.state("print"), ended.state("announce")), (JobState::Cancelled, JobState::Cancelled));
    assert_eq!(world.all("on_cancelled"), ["on_cancelled cover", "on_cancelled album"]);
    world.assert_order("end choose", "on_cancelled cover");
    world.assert_order("drop watermark 1", "on_cancelled album");
    Ok(())
}

pub(super) async fn a_task_of_the_cover_withdraws_it<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("choose", |_| Err(TaskError::new(CancelProcessError::new("no cover"))));
    let ended = place.run(album(&world, 4)).await?;
    assert!(matches!(&ended.outcome, Outcome::Cancelled { reason } if &**reason == "no cover"));
    assert_eq!((world.count("on_cancelled cover"), world.count("on_cancelled album")), (1, 1));
    assert_eq!(world.count("begin announce"), 0);
    Ok(())
}

pub(super) async fn it_begins_at_night_in_the_night_queue<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let lab = album(&world, 2);
    let build = || lab.clone().builder().queue("night").start_after(Duration::from_millis(500));
    let handle = build().identifier("album-17").build()?.enqueue(&place.backend).await?;
    let day = place.worker(&lab).start()?;
    let night = worker(&place.other().await?, &lab.registry()).queues(["night"]).start()?;
    // Who asks twice gets the same process.
    let again = build().identifier("album-17").build()?.enqueue(&place.other().await?).await?;
    within(again.wait()).await?;
    within(handle.wait()).await?;
    assert_eq!(world.count("end announce"), 1);
    within(day.shutdown()).await;
    within(night.shutdown()).await;
    Ok(())
}

pub(super) async fn photos_are_retried_until_the_disk_has_room<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    for photo in 0..8 {
        world.plain(&format!("resize {photo}"), |context| match context.attempt() {
            1 | 2 => Err(TaskError::new("the disk is full")),
            _ => Ok(()),
        });
    }
    let lab = album(&world, 8).policy(Policy::new().retries(3).backoff(AT_ONCE));
    let ended = place.run(lab).await?;
    ended.completed();
    assert_eq!(world.all("on_task_failed").len(), 16);
    let attempts: u32 = ended.status.tasks().map(|job| job.attempt).sum();
    assert_eq!(attempts, 16 + 20);
    Ok(())
}

pub(super) async fn it_survives_the_worker_that_published_it<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("resize 1", |context| {
        if context.attempt() == 1 {
            // As long as the first worker lives, and then some.
            crate::testing::stage::world::block_until("the end of the worker", || context.is_cancelled());
        }
        Ok(())
    });
    let lab = album(&world, 3);
    let handle = place.enqueue(&lab).await?;
    let (severed, switch) = Severed::new(place.other().await?);
    let lease = Duration::from_millis(300);
    let first = worker(&severed, &lab.registry()).lease(lease).grace(Duration::ZERO).start()?;
    world.until("begin resize 1").await;
    match severed.capability().shared {
        true => {
            switch.fail();
            drop(first);
        }
        // In process no worker dies alone; it leaves.
        false => within(first.shutdown()).await,
    }
    let next = place.worker(&lab).start()?;
    within(handle.wait()).await?;
    assert_eq!((world.count("begin resize 1"), world.count("end announce")), (2, 1));
    assert_eq!(world.count("on_completed album"), 1);
    within(next.shutdown()).await;
    Ok(())
}
