//! What can be done with processes and queues from outside: pause, list, delete, dump.

use serde_json::{Value, json};

use crate::backend::{Backend, BackendError, Enqueued, ProcessFilter, ProcessState};
use crate::engine::Client;
use crate::plan::{JobState, Outcome};
use crate::testing::stage::lab::{Lab, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::{Gate, World};
use crate::testing::stage::{CaseResult, Hand, Opener, Place, state_of, until, within};
use crate::words::error::{BoxError, CancelProcessError, TaskError};

pub(super) async fn a_paused_process_waits_until_it_goes_on<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let handle = place.enqueue(&Lab::new(&world, seq([plain("a"), asynchronous("b")]))).await?;
    handle.pause().await?;
    assert!(handle.status().await?.paused);
    let worker = place.worker_in(&world).start()?;
    // Whatever comes later overtakes it.
    within(place.enqueue(&Lab::new(&world, plain("c"))).await?.wait()).await?;
    assert_eq!(world.count("begin a"), 0);
    handle.resume().await?;
    assert!(!handle.status().await?.paused);
    within(handle.wait()).await?;
    assert_eq!(world.count("end b"), 1);
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn what_runs_in_a_paused_process_goes_on_and_lets_nothing_begin<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.asynchronous("a", move |_| {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let running = place.start(Lab::new(&world, seq([asynchronous("a"), plain("b")]))).await?;
    world.until("begin a").await;
    running.handle.pause().await?;
    gate.open();
    until("a is recorded and b is ready", async || {
        let status = running.handle.status().await?;
        Ok((state_of(&status, "b") == JobState::Ready).then_some(()))
    })
    .await?;
    within(place.enqueue(&Lab::new(&world, plain("c"))).await?.wait()).await?;
    assert_eq!(world.count("begin b"), 0);
    running.handle.resume().await?;
    running.end().await?.completed();
    Ok(())
}

pub(super) async fn a_paused_process_can_be_cancelled<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let running = place.enqueue(&Lab::new(&world, plain("a"))).await?;
    running.pause().await?;
    running.cancel("enough").await?;
    let status = running.status().await?;
    assert!(matches!(status.outcome, Some(Outcome::Cancelled { .. })) && !status.paused);
    let refused = running.delete().await.unwrap_err().to_string();
    assert!(refused.contains("is cancelled; its last hook has not run yet"), "{refused}");
    let worker = place.worker_in(&world).start()?;
    assert!(matches!(within(running.outcome()).await?, Outcome::Cancelled { .. }));
    running.delete().await?;
    assert_eq!(world.count("begin a"), 0);
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn a_paused_queue_waits_and_others_do_not<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let client = Client::new(&place.other().await?);
    client.pause_queue("slow").await?;
    let build = |step: &str| Lab::new(&world, plain(step)).builder();
    let slow = build("a").queue("slow").build()?.enqueue(&place.backend).await?;
    // A worker that starts later knows of the pause from its first claim on.
    let worker = place.worker_in(&world).queues(["default", "slow"]).start()?;
    let fast = build("b").build()?.enqueue(&place.backend).await?;
    within(fast.wait()).await?;
    assert_eq!(world.count("on_started main"), 1);
    client.resume_queue("slow").await?;
    within(slow.wait()).await?;
    client.pause_queue("slow").await?;
    let client = Client::new(&place.backend);
    client.resume_queue("slow").await?;
    within(build("c").queue("slow").build()?.enqueue(&place.backend).await?.wait()).await?;
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn a_paused_queue_gives_nothing_out<O: Opener>(place: Place<O>) -> CaseResult {
    let lab = Lab::new(&World::new(), plain("a"));
    let client = Client::new(&place.other().await?);
    let hand = Hand::join(place.backend.clone(), &lab).await?;
    client.pause_queue("slow").await?;
    hand.beat().await?;
    let slow = lab.clone().builder().queue("slow").build()?.enqueue(&place.backend).await?;
    let fast = place.enqueue(&lab).await?;
    assert_eq!(hand.claim().await?.identifier(), fast.identifier());
    assert!(hand.try_claim().await?.is_none());
    client.resume_queue("slow").await?;
    hand.beat().await?;
    assert_eq!(hand.claim().await?.identifier(), slow.identifier());
    Ok(())
}

/// Completed, failed, cancelled and active processes, two of each: `completed-0` to `a-1`.
async fn some_of_each<O: Opener>(place: &Place<O>, world: &World) -> Result<Vec<String>, BoxError> {
    world.plain("failed", |_| Err(TaskError::new("broken")));
    world.plain("cancelled", |_| Err(TaskError::new(CancelProcessError::new("enough"))));
    let worker = place.worker_in(world).start()?;
    let mut names = Vec::new();
    for step in ["completed", "failed", "cancelled"] {
        for number in 0..2 {
            let name = format!("{step}-{number}");
            let lab = Lab::new(world, plain(step));
            let handle = lab.builder().identifier(&name).build()?.enqueue(&place.backend).await?;
            within(handle.outcome()).await?;
            names.push(name);
        }
    }
    within(worker.shutdown()).await;
    for name in ["a-0", "a-1"] {
        let lab = Lab::new(world, plain("a")).named(if name == "a-0" { "main" } else { "other" });
        lab.builder().identifier(name).build()?.enqueue(&place.backend).await?;
        names.push(name.to_owned());
    }
    Ok(names)
}

async fn names<B: Backend>(client: &Client<B>, filter: &ProcessFilter) -> Result<Vec<String>, BoxError> {
    let page = client.list(filter).await?;
    Ok(page.processes.into_iter().map(|process| process.identifier).collect())
}

pub(super) async fn a_list_can_be_filtered<O: Opener>(place: Place<O>) -> CaseResult {
    let all = some_of_each(&place, &World::new()).await?;
    let client = Client::new(&place.backend);
    let filter = ProcessFilter::new;
    assert_eq!(names(&client, &filter()).await?, all);
    for (state, wanted) in [
        (ProcessState::Completed, ["completed-0", "completed-1"]),
        (ProcessState::Failed, ["failed-0", "failed-1"]),
        (ProcessState::Active, ["a-0", "a-1"]),
    ] {
        assert_eq!(names(&client, &filter().state(state)).await?, wanted);
    }
    assert_eq!(names(&client, &filter().definition("other")).await?, ["a-1"]);
    assert_eq!(names(&client, &filter().identifier_prefix("failed-")).await?, ["failed-0", "failed-1"]);
    let both = filter().identifier_prefix("c").state(ProcessState::Cancelled);
    assert_eq!(names(&client, &both).await?, ["cancelled-0", "cancelled-1"]);
    assert!(names(&client, &filter().identifier_prefix("%")).await?.is_empty());
    let page = client.list(&filter().state(ProcessState::Active)).await?;
    let first = &page.processes[0];
    assert_eq!(
        (first.state, first.ended, first.paused, &*first.definition),
        (ProcessState::Active, false, false, "main")
    );
    Ok(())
}

pub(super) async fn a_list_has_pages<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let client = Client::new(&place.backend);
    for number in 0..7 {
        let process = Lab::new(&world, plain("a")).builder().identifier(format!("p-{number}")).build()?;
        process.enqueue(&place.backend).await?;
    }
    let (mut seen, mut after, mut pages) = (Vec::new(), 0, 0);
    loop {
        let page = client.list(&ProcessFilter::new().limit(3).after(after)).await?;
        seen.extend(page.processes.into_iter().map(|process| process.identifier));
        pages += 1;
        let Some(next) = page.next else { break };
        after = next;
    }
    assert_eq!(seen, (0..7).map(|number| format!("p-{number}")).collect::<Vec<_>>());
    assert_eq!(pages, 3);
    let whole = client.list(&ProcessFilter::new().limit(7)).await?;
    assert_eq!((whole.processes.len(), whole.next), (7, None));
    Ok(())
}

pub(super) async fn what_has_ended_can_be_deleted<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let lab = Lab::new(&world, plain("a"));
    let process = lab.builder().identifier("album-17").build()?;
    let handle = process.enqueue(&place.backend).await?;
    let refused = handle.delete().await.unwrap_err();
    assert!(matches!(refused, BackendError::WrongState { state: "active", .. }), "{refused:?}");
    let worker = place.worker_in(&world).start()?;
    within(handle.wait()).await?;
    handle.delete().await?;
    for error in [
        handle.delete().await.unwrap_err(),
        handle.status().await.unwrap_err(),
        handle.outcome().await.unwrap_err(),
        handle.cancel("x").await.unwrap_err(),
        handle.pause().await.unwrap_err(),
        handle.retry_failed().await.unwrap_err(),
        handle.dump().await.unwrap_err(),
        handle.events().await.unwrap_err(),
    ] {
        assert!(
            matches!(&error, BackendError::UnknownProcess { identifier } if identifier == "album-17"),
            "{error:?}"
        );
    }
    // The identifier is free again.
    let again = process.enqueue(&place.backend).await?;
    assert_eq!(again.enqueued(), Enqueued::Created);
    within(again.wait()).await?;
    assert_eq!(world.count("end a"), 2);
    within(worker.shutdown()).await;
    Ok(())
}

/// A dump without what differs from run to run.
fn timeless(mut dump: Value) -> Value {
    let clear = |value: &mut Value| {
        for field in ["created_at", "started_at", "ended_at"] {
            assert!(value.get(field).is_none_or(|time| time.is_null() || time.is_u64()), "{value}");
            if let Some(time) = value.get_mut(field) {
                *time = Value::Null;
            }
        }
    };
    clear(&mut dump);
    for job in dump["jobs"].as_array_mut().into_iter().flatten() {
        clear(job);
    }
    dump
}

pub(super) async fn a_dump_has_the_same_form_everywhere<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("b", |_| Err(TaskError::new("broken")));
    let inner = Lab::new(&world, par([plain("b")])).named("inner");
    let lab = Lab::new(&world, seq([sub(inner), plain("c")]));
    let process = lab.clone().builder().identifier("album-17").priority(3).build()?;
    let handle = process.enqueue(&place.backend).await?;
    let worker = place.worker(&lab).start()?;
    assert!(within(handle.wait()).await.is_err());
    within(worker.shutdown()).await;
    let hook = |job, name: &str, definition: &str, scope, deps: Value| {
        json!({
            "job": job, "kind": "hook", "definition": definition, "scope": scope, "deps": deps, "name": name,
            "queue": "default", "description": null, "state": "succeeded", "attempt": 1, "failed": 0, "lost": 0,
            "error": null, "error_kind": null, "started_at": null, "ended_at": null,
        })
    };
    let task = |job, step: &str, definition: &str, scope, deps: Value, end: Value| {
        let mut task = json!({
            "job": job, "kind": "task", "definition": definition, "scope": scope, "deps": deps, "name": "plain",
            "queue": "default", "description": step, "arguments": {}, "lost": 0,
            "started_at": null, "ended_at": null,
        });
        for (field, value) in end.as_object().into_iter().flatten() {
            task[field] = value.clone();
        }
        task
    };
    let failed =
        json!({ "state": "failed", "attempt": 1, "failed": 1, "error": "broken", "error_kind": "failed" });
    let skipped = json!({ "state": "skipped", "attempt": 0, "failed": 0, "error": null, "error_kind": null });
    let wanted = json!({
        "identifier": "album-17", "definition": "main", "state": "failed", "ended": true, "paused": false,
        "priority": 3, "outcome": "failed: `plain` of inner: broken", "created_at": null, "ended_at": null,
        "scopes": [
            { "scope": 0, "parent": null, "definition": "main" },
            { "scope": 1, "parent": 0, "definition": "inner" },
        ],
        "jobs": [
            hook(0, "on_started", "main", 0, json!([])),
            hook(1, "on_started", "inner", 1, json!([0])),
            task(2, "b", "inner", 1, json!([1]), failed),
            hook(3, "on_failed", "inner", 1, json!([2])),
            task(4, "c", "main", 0, json!([3]), skipped),
            hook(5, "on_failed", "main", 0, json!([4])),
        ],
    });
    let found = timeless(handle.dump().await?);
    assert_eq!(found, wanted, "{found:#}");
    Ok(())
}
