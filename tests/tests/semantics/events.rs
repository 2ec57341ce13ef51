//! R19: what can be seen of a process, from outside.

use tasktronaut::backend::{JobKind, ProcessStatus};
use tasktronaut::{Event, JobState, Outcome, Policy, Progress, TaskError, Worker};

use super::lab::{AT_ONCE, Lab, asynchronous, par, plain, run, seq, start, status, within};
use super::world::{Gate, World};

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
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn r19_events_are_complete_and_in_order_and_end() {
    let world = World::new();
    world.plain("a", |context| {
        context.progress(Progress::new(1, 2).saying("half"));
        context.progress((2, 2));
        if context.attempt() == 1 { Err(TaskError::new("no")) } else { Ok(()) }
    });
    let backend = tasktronaut::LocalBackend::new();
    let policy = Policy::new().retries(1).backoff(AT_ONCE);
    let lab = Lab::new(&world, seq([plain("a"), asynchronous("b")])).policy(policy);
    let handle = lab.build().enqueue(&backend).await.unwrap();
    let mut events = handle.events().await.unwrap();
    let worker = Worker::new(backend).start().unwrap();
    let mut seen = Vec::new();
    within(async {
        while let Some(event) = events.next().await {
            seen.push(text(&event));
        }
    })
    .await;
    let wanted = [
        "on_started ready 0",
        "on_started running 1",
        "on_started succeeded 1",
        "a ready 0",
        "a running 1",
        "a 1/2 half",
        "a 2/2 ",
        "a waiting 1: no",
        "a ready 1: no",
        "a running 2: no",
        "a 1/2 half",
        "a 2/2 ",
        "a succeeded 2: no",
        "b ready 0",
        "b running 1",
        "b succeeded 1",
        "on_completed ready 0",
        "on_completed running 1",
        "on_completed succeeded 1",
        "completed",
    ];
    assert_eq!(seen, wanted);
    assert!(within(events.next()).await.is_none(), "nothing follows the end");
    within(worker.shutdown()).await;
}

#[tokio::test]
async fn r19_who_comes_late_is_told_how_things_stand() {
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
    let running = start(Lab::new(&world, seq([plain("a"), asynchronous("b"), plain("c")]))).await;
    world.until("begin b").await;
    let mut events = running.handle.events().await.unwrap();
    gate.open();
    let mut seen = Vec::new();
    within(async {
        while let Some(event) = events.next().await {
            seen.push(text(&event));
        }
    })
    .await;
    let wanted = [
        "on_started succeeded 1",
        "a succeeded 1",
        "b running 1",
        "b failed 1: broken",
        "c skipped 0",
        "on_failed ready 0",
        "on_failed running 1",
        "on_failed succeeded 1",
        "failed: `asynchronous` of main: broken",
    ];
    assert_eq!(seen, wanted);
    // And after the end: everything, and the end.
    let mut events = running.handle.events().await.unwrap();
    let mut after = Vec::new();
    within(async {
        while let Some(event) = events.next().await {
            after.push(text(&event));
        }
    })
    .await;
    assert_eq!(after.len(), 6);
    assert_eq!(after.last().unwrap(), "failed: `asynchronous` of main: broken");
    running.end().await;
}

#[tokio::test]
async fn r19_wait_returns_after_the_last_hook() {
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
        let running = start(Lab::new(&world, plain("a"))).await;
        world.until(&format!("on_{kind} main")).await;
        let seen: ProcessStatus = status(&running.handle).await;
        assert!(!seen.ended);
        assert_eq!(seen.outcome.unwrap().as_str(), kind);
        gate.open();
        let waited = within(running.handle.wait()).await;
        assert_eq!(waited.is_err(), fails);
        assert_eq!(world.count("hook over"), 1);
        running.end().await;
    }
}

#[tokio::test]
async fn r19_the_status_shows_every_job_and_counts_tasks() {
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
    let running =
        start(Lab::new(&world, seq([plain("a"), par([asynchronous("b"), plain("c")]), plain("d")]))).await;
    world.until("begin b").await;
    let mut events = running.handle.events().await.unwrap();
    within(async {
        // Until `c` has succeeded.
        while let Some(event) = events.next().await {
            if text(&event) == "c succeeded 1" {
                break;
            }
        }
    })
    .await;
    let seen = status(&running.handle).await;
    let count = |state| seen.count(state);
    assert_eq!((count(JobState::Succeeded), count(JobState::Running), count(JobState::Blocked)), (2, 1, 1));
    let hooks: Vec<_> =
        seen.jobs.iter().filter(|job| job.kind == JobKind::Hook).map(|job| &*job.name).collect();
    assert_eq!(hooks, ["on_started", "on_completed"]);
    assert_eq!((&*seen.definition, &*seen.identifier), ("main", running.handle.identifier()));
    assert!(seen.outcome.is_none() && !seen.ended);
    gate.open();
    let ended = running.end().await;
    assert_eq!(ended.status.count(JobState::Succeeded), 4);
    assert!(matches!(ended.status.outcome, Some(Outcome::Completed)));
}

#[tokio::test]
async fn r23_each_step_has_a_key_that_stays_the_same_from_attempt_to_attempt() {
    let world = World::new();
    let keys = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    for step in ["a", "b"] {
        let keys = keys.clone();
        world.plain(step, move |context| {
            keys.lock().unwrap().push(context.idempotency_key());
            if context.attempt() == 1 { Err(TaskError::new("no")) } else { Ok(()) }
        });
    }
    run(Lab::new(&world, seq([plain("a"), plain("b")])).policy(Policy::new().retries(1).backoff(AT_ONCE)))
        .await;
    let keys = keys.lock().unwrap();
    assert_eq!(keys.len(), 4);
    assert!(keys[0] == keys[1] && keys[2] == keys[3] && keys[0] != keys[2], "{keys:?}");
}
