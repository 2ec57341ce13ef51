//! Many processes, many workers, many clients.

use crate::backend::{CancelAnswer, ProcessFilter, ProcessState};
use crate::engine::Client;
use crate::plan::{JobState, Outcome};
use crate::testing::stage::lab::{AT_ONCE, Lab, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::{Gate, World};
use crate::testing::stage::{CaseResult, Opener, Place, within, worker};
use crate::words::error::TaskError;
use crate::words::policy::Policy;

pub(super) async fn a_backlog_is_worked_off_in_the_order_of_its_priorities<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let client = Client::new(&place.backend);
    let build = |number: i16| {
        let priority = number % 3;
        Lab::new(&world, plain(&format!("{priority} of {number}"))).builder().priority(priority).build()
    };
    let processes = (0..30).map(build).collect::<Result<Vec<_>, _>>()?;
    let handles: Vec<_> = client.enqueue_all(&processes).await.into_iter().collect::<Result<_, _>>()?;
    let worker = place.worker_in(&world).concurrency(1).start()?;
    for handle in &handles {
        within(handle.wait()).await?;
    }
    let order: Vec<char> = world.all("begin").iter().filter_map(|entry| entry.chars().nth(6)).collect();
    let wanted: Vec<char> =
        "2".repeat(10).chars().chain("1".repeat(10).chars()).chain("0".repeat(10).chars()).collect();
    assert_eq!(order, wanted);
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn processes_of_all_kinds_end_as_they_must<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("fails", |_| Err(TaskError::new("broken")));
    world.asynchronous("hangs", |_| std::future::pending());
    let inner = || sub(Lab::new(&world, par([plain("x"), asynchronous("y")])).named("inner"));
    let labs = [
        Lab::new(&world, seq([plain("a"), inner()])),
        Lab::new(&world, par([plain("fails"), inner()])),
        Lab::new(&world, seq([inner(), asynchronous("hangs")])),
    ];
    let registry = labs[0].registry();
    let workers = [place.backend.clone(), place.other().await?, place.other().await?]
        .map(|backend| worker(&backend, &registry).concurrency(16).start());
    let mut handles = Vec::new();
    for round in 0..10 {
        for (kind, lab) in labs.iter().enumerate() {
            let process = lab.clone().builder().identifier(format!("{kind}-{round}")).build()?;
            handles.push((kind, process.enqueue(&place.backend).await?));
        }
    }
    world.until_all("begin hangs", 10).await;
    for (kind, handle) in &handles {
        if *kind == 2 {
            assert!(matches!(handle.cancel("enough").await?, CancelAnswer::Cancelled));
        }
        let outcome = within(handle.outcome()).await?;
        assert_eq!(outcome.as_str(), ["completed", "failed", "cancelled"][*kind]);
    }
    let client = Client::new(&place.other().await?);
    for (state, prefix) in
        [(ProcessState::Completed, "0-"), (ProcessState::Failed, "1-"), (ProcessState::Cancelled, "2-")]
    {
        let page = client.list(&ProcessFilter::new().state(state)).await?;
        assert_eq!(page.processes.len(), 10);
        assert!(page.processes.iter().all(|process| process.identifier.starts_with(prefix) && process.ended));
    }
    assert!(client.list(&ProcessFilter::new().state(ProcessState::Active)).await?.processes.is_empty());
    for worker in workers {
        within(worker?.shutdown()).await;
    }
    Ok(())
}

pub(super) async fn a_wide_process_fails_late_and_everything_is_accounted_for<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("150", |_| Err(TaskError::new("broken")));
    let lab = Lab::new(&world, seq([par((0..200).map(|step| plain(&step.to_string()))), plain("last")]));
    let handle = place.enqueue(&lab).await?;
    let one = place.worker(&lab).start()?;
    let two = worker(&place.other().await?, &lab.registry()).start()?;
    assert!(matches!(within(handle.outcome()).await?, Outcome::Failed(_)));
    let status = handle.status().await?;
    crate::testing::stage::assert_nothing_left(&status);
    let begun = world.all("begin").len();
    let attempted = status.tasks().filter(|job| job.attempt > 0).count();
    // What was claimed and not begun counts as an attempt, too.
    assert!(begun <= attempted && world.count("begin last") == 0, "{begun} have begun, of {attempted}");
    let ended =
        status.tasks().filter(|job| matches!(job.state, JobState::Succeeded | JobState::Failed)).count();
    assert_eq!(begun, ended);
    assert_eq!(world.count("on_failed main"), 1);
    within(one.shutdown()).await;
    within(two.shutdown()).await;
    Ok(())
}

pub(super) async fn workers_come_and_go_while_much_is_done<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let shaky = |step: usize| {
        let name = format!("{step}");
        if step.is_multiple_of(7) {
            world.plain(&name, |context| match context.attempt() {
                1 => Err(TaskError::new("once")),
                _ => Ok(()),
            });
        }
        if step.is_multiple_of(2) { plain(&name) } else { asynchronous(&name) }
    };
    let lab = Lab::new(&world, par((0..120).map(|step| seq([shaky(step)]))))
        .policy(Policy::new().retries(1).backoff(AT_ONCE));
    let handle = place.enqueue(&lab).await?;
    for round in 1..=4 {
        let worker = worker(&place.other().await?, &lab.registry()).concurrency(2).start()?;
        let wanted = (round * 20).min(120);
        crate::testing::stage::until("some more is done", async || {
            Ok((world.all("end").len() >= wanted).then_some(()))
        })
        .await?;
        within(worker.shutdown()).await;
    }
    let worker = place.worker(&lab).start()?;
    within(handle.wait()).await?;
    for step in 0..120 {
        assert_eq!(world.count(&format!("end {step}")), 1);
    }
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn many_wait_for_one_process<O: Opener>(place: Place<O>) -> CaseResult {
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
    let running = place.start(Lab::new(&world, asynchronous("a"))).await?;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let other = place.other().await?;
        for _ in 0..10 {
            let handle = Client::new(&other).handle(running.handle.identifier());
            waiting.push(tokio::spawn(async move { handle.outcome().await }));
        }
    }
    world.until("begin a").await;
    gate.open();
    for waiter in waiting {
        assert!(matches!(within(waiter).await??, Outcome::Completed));
    }
    running.end().await?.completed();
    Ok(())
}
