//! R17: who can do what.

use crate::plan::{JobState, Outcome};
use crate::testing::stage::lab::{Lab, plain, seq, sub};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Opener, Place, until, within};
use crate::words::error::{TaskError, TaskErrorKind};

pub(super) async fn r17_where_no_other_program_is_bad_arguments_fail_at_once<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    if place.is_shared() {
        return Ok(());
    }
    let world = World::new();
    world.plain("a", |_| Err(TaskError::of_kind(TaskErrorKind::BadPayload, "what is this?")));
    let ended = place.run(Lab::new(&world, plain("a"))).await?;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    Ok(())
}

pub(super) async fn r17_a_worker_may_be_told_which_definitions_it_works_on<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let inner = Lab::new(&world, plain("b")).named("inner");
    let lab = Lab::new(&world, seq([plain("a"), sub(inner), plain("c")]));
    let outer = place.worker(&lab).definitions(["main"]).start()?;
    let handle = place.enqueue(&lab).await?;
    world.until("end a").await;
    let waits = until("the inner process is ready", async || {
        let status = handle.status().await?;
        let mut jobs = status.jobs.iter();
        Ok(jobs.find(|job| &*job.definition == "inner" && job.state == JobState::Ready).cloned())
    });
    assert_eq!(&*waits.await?.name, "on_started");
    let inner = place.worker(&lab).definitions(["inner"]).start()?;
    within(handle.wait()).await?;
    assert_eq!(world.count("end c"), 1);
    within(outer.shutdown()).await;
    within(inner.shutdown()).await;
    Ok(())
}
