//! R19: what can be seen of a process, from outside.

use tasktronaut::{Event, Policy, Progress, TaskError, Worker};

use super::lab::start;
use tasktronaut::testing::stage::lab::{AT_ONCE, Lab, asynchronous, plain, seq};
use tasktronaut::testing::stage::running::within;
use tasktronaut::testing::stage::world::{Gate, World};

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
    running.end().await.unwrap();
}
