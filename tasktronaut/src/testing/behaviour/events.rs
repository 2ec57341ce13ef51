//! R19: what can be seen of a process, from outside.

use crate::backend::{Event, JobKind, ProcessStatus};
use crate::plan::{JobState, Outcome};
use crate::testing::Opener;
use crate::testing::stage::lab::{AT_ONCE, Lab, asynchronous, par, plain, seq};
use crate::testing::stage::world::{Gate, World};
use crate::testing::stage::{CaseResult, Place, within};
use crate::words::error::TaskError;
use crate::words::policy::Policy;

fn text(event: &Event) -> String {
    match event {
        Event::Job(job) => {
            let name = job.description.as_deref().unwrap_or(&job.name);
            let error = job.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            format!("{name} {} {}{error}", job.state, job.attempt)
        }
        Event::Progress { description, progress, .. } => {
            let name = description.as_deref().unwrap_or_default();
            format!(
                "{name} {}/{} {}",
                progress.done(),
                progress.total(),
                progress.message().unwrap_or_default()
            )
        }
        Event::Ended(outcome) => outcome.to_string(),
    }
}

pub(super) async fn r19_wait_returns_after_the_last_hook<O: Opener>(place: Place<O>) -> CaseResult {
    for kind in ["completed", "failed"] {
        let world = World::new();
        let fails = kind == "failed";
        world.plain("a", move |_| if fails { Err(TaskError::new("broken")) } else { Ok(()) });
        let gate = Gate::new();
        let (ours, noted) = (gate.clone(), world.clone());
        world.hook(&format!("on_{kind} main"), move || {
            let (gate, world) = (ours.clone(), noted.clone());
            async move {
                gate.pass().await;
                world.note("hook over");
                Ok(())
            }
        });
        let running = place.start(Lab::new(&world, plain("a"))).await?;
        world.until(&format!("on_{kind} main")).await;
        let seen: ProcessStatus = running.handle.status().await?;
        assert!(!seen.ended);
        assert_eq!(seen.outcome.unwrap().as_str(), kind);
        gate.open();
        let waited = within(running.handle.wait()).await;
        assert_eq!(waited.is_err(), fails);
        assert_eq!(world.count("hook over"), 1);
        running.end().await?;
    }
    Ok(())
}

pub(super) async fn r19_the_status_shows_every_job_and_counts_tasks<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.asynchronous("b", move |_| {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let running = place
        .start(Lab::new(&world, seq([plain("a"), par([asynchronous("b"), plain("c")]), plain("d")])))
        .await?;
    world.until("begin b").await;
    let mut events = running.handle.events().await?;
    within(async {
        // Until `c` has succeeded.
        while let Some(event) = events.next().await {
            if text(&event) == "c succeeded 1" {
                break;
            }
        }
    })
    .await;
    let seen = running.handle.status().await?;
    let count = |state| seen.count(state);
    assert_eq!((count(JobState::Succeeded), count(JobState::Running), count(JobState::Blocked)), (2, 1, 1));
    let hooks: Vec<_> =
        seen.jobs.iter().filter(|job| job.kind == JobKind::Hook).map(|job| &*job.name).collect();
    assert_eq!(hooks, ["on_started", "on_completed"]);
    assert_eq!((&*seen.definition, &*seen.identifier), ("main", running.handle.identifier()));
    assert!(seen.outcome.is_none() && !seen.ended);
    gate.open();
    let ended = running.end().await?;
    assert_eq!(ended.status.count(JobState::Succeeded), 4);
    assert!(matches!(ended.status.outcome, Some(Outcome::Completed)));
    Ok(())
}

pub(super) async fn r23_each_step_has_a_key_that_stays_the_same_from_attempt_to_attempt<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let keys = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    for step in ["a", "b"] {
        let keys = keys.clone();
        world.plain(step, move |context| {
            keys.lock().unwrap().push(context.idempotency_key());
            if context.attempt() == 1 { Err(TaskError::new("no")) } else { Ok(()) }
        });
    }
    place
        .run(
            Lab::new(&world, seq([plain("a"), plain("b")])).policy(Policy::new().retries(1).backoff(AT_ONCE)),
        )
        .await?;
    let keys = keys.lock().unwrap();
    assert_eq!(keys.len(), 4);
    assert!(keys[0] == keys[1] && keys[2] == keys[3] && keys[0] != keys[2], "{keys:?}");
    Ok(())
}
