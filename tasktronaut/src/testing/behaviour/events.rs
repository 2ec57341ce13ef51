//! R19: what can be seen of a process, from outside.

use crate::backend::{Event, JobKind, ProcessStatus};
use crate::definition::context::Progress;
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

/// The events of a process until its end, as texts.
async fn all(mut events: crate::backend::Events) -> Vec<String> {
    let mut seen = Vec::new();
    within(async {
        while let Some(event) = events.next().await {
            seen.push(text(&event));
        }
    })
    .await;
    seen
}

/// Not every backend is told of every state that passes, but of how each job ends, and in the right order.
pub(super) async fn r19_events_tell_how_each_job_ends_and_then_end<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| if context.attempt() == 1 { Err(TaskError::new("no")) } else { Ok(()) });
    let lab = Lab::new(&world, seq([plain("a"), asynchronous("b")]))
        .policy(Policy::new().retries(1).backoff(AT_ONCE));
    let handle = place.enqueue(&lab).await?;
    let events = handle.events().await?;
    let worker = place.worker(&lab).start()?;
    let seen = all(events).await;
    let ends = [
        "on_started succeeded 1",
        "a succeeded 2: no",
        "b succeeded 1",
        "on_completed succeeded 1",
        "completed",
    ];
    let places: Vec<_> = ends.iter().map(|end| seen.iter().position(|event| event == end)).collect();
    assert!(places.iter().all(Option::is_some), "{seen:#?}");
    assert_eq!(seen.last().map(String::as_str), Some("completed"));
    within(worker.shutdown()).await;
    // Who comes after the end is told how things stand, and the end.
    assert_eq!(all(handle.events().await?).await, ends);
    Ok(())
}

pub(super) async fn r19_who_comes_late_is_told_how_things_stand<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.asynchronous("b", move |_| {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Err(TaskError::new("broken"))
        }
    });
    let running = place.start(Lab::new(&world, seq([plain("a"), asynchronous("b"), plain("c")]))).await?;
    world.until("begin b").await;
    let mut events = running.handle.events().await?;
    let mut first = Vec::new();
    for _ in 0..3 {
        first.extend(within(events.next()).await.map(|event| text(&event)));
    }
    assert_eq!(first, ["on_started succeeded 1", "a succeeded 1", "b running 1"]);
    gate.open();
    let seen = all(events).await;
    for end in ["b failed 1: broken", "c skipped 0", "on_failed succeeded 1"] {
        assert!(seen.iter().any(|event| event == end), "{end}: {seen:#?}");
    }
    assert_eq!(seen.last().unwrap(), "failed: `asynchronous` of main: broken");
    running.end().await?;
    Ok(())
}

pub(super) async fn progress_is_told_to_those_who_watch<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |context| {
        ours.block();
        context.progress(Progress::new(1, 2).saying("half"));
        Ok(())
    });
    let running = place.start(Lab::new(&world, plain("a"))).await?;
    world.until("begin a").await;
    let events = running.handle.events().await?;
    gate.open();
    let seen = all(events).await;
    assert!(seen.iter().any(|event| event == "a 1/2 half"), "{seen:#?}");
    running.end().await?;
    Ok(())
}
