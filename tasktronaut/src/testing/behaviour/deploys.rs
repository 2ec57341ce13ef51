//! R17: programs that differ, before and after a deploy.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::backend::Unroutable;
use crate::definition::ProcessDefinition;
use crate::definition::build::{BuildError, Builder};
use crate::definition::registry::Registry;
use crate::definition::task::Task;
use crate::engine::observer::Observer;
use crate::plan::JobState;
use crate::testing::stage::lab::{Lab, asynchronous, plain, seq};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Opener, Place, state_of, until, within};
use crate::words::arguments::Arguments;
use crate::words::error::{BoxError, TaskError, TaskErrorKind};

/// With such a lease a worker often looks for what nobody can do.
const SHORT: Duration = Duration::from_millis(600);

/// Keeps what nobody can do.
#[derive(Clone, Default)]
struct Strays(Arc<Mutex<Vec<Unroutable>>>);

impl Observer for Strays {
    fn unroutable(&self, jobs: &Unroutable) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(jobs.clone());
    }
}

impl Strays {
    async fn first(&self) -> Result<Unroutable, BoxError> {
        let first = || self.0.lock().unwrap_or_else(PoisonError::into_inner).first().cloned();
        until("it is reported", async || Ok(first())).await
    }
}

pub(super) async fn r17_what_nobody_knows_stays_queued_and_is_reported<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let strays = Strays::default();
    let stranger = Lab::new(&world, seq([])).named("other");
    let stranger = place.worker(&stranger).lease(SHORT).observer(strays.clone()).start()?;
    let lab = Lab::new(&world, plain("a"));
    let handle = place.enqueue(&lab).await?;
    let found = strays.first().await?;
    assert_eq!((&*found.definition, found.task, &*found.queue, found.jobs), ("main", None, "default", 1));
    assert!(handle.status().await?.outcome.is_none());
    let next = place.worker(&lab).start()?;
    within(handle.wait()).await?;
    within(stranger.shutdown()).await;
    within(next.shutdown()).await;
    Ok(())
}

/// What `main` was before it had all its tasks.
struct Old(World);

impl ProcessDefinition for Old {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "main"
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Old>] =
            &[Task::plain("plain", |call| call.definition().0.run_plain(call.context()))];
        TASKS
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        builder.task("plain");
        Ok(())
    }
}

pub(super) async fn r17_a_task_that_is_not_known_here_waits_for_who_knows_it<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let strays = Strays::default();
    let old = Registry::new().with(Old(world.clone()))?;
    let old = place.worker_of(&old).lease(SHORT).observer(strays.clone()).start()?;
    let lab = Lab::new(&world, seq([plain("a"), asynchronous("b"), plain("c")]));
    let handle = place.enqueue(&lab).await?;
    let found = strays.first().await?;
    assert_eq!((&*found.definition, found.task.as_deref(), found.jobs), ("main", Some("asynchronous"), 1));
    let status = handle.status().await?;
    assert_eq!((state_of(&status, "a"), state_of(&status, "b")), (JobState::Succeeded, JobState::Ready));
    let new = place.worker(&lab).start()?;
    within(handle.wait()).await?;
    assert_eq!(world.count("end c"), 1);
    within(old.shutdown()).await;
    within(new.shutdown()).await;
    Ok(())
}

pub(super) async fn r17_arguments_that_do_not_decode_are_put_back_uncharged<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| match context.attempt() {
        1 => Err(TaskError::of_kind(TaskErrorKind::BadPayload, "what is this?")),
        _ => Ok(()),
    });
    let running = place.start(Lab::new(&world, plain("a"))).await?;
    world.until("on_task_failed a 1").await;
    let ended = running.end().await?;
    ended.completed();
    let job = ended.status.tasks().next().unwrap().clone();
    assert_eq!((job.attempt, job.failed), (2, 0));
    Ok(())
}
