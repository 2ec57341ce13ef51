//! R15: attempts and processes that take too long.

use std::time::{Duration, Instant};

use crate::plan::{JobState, Outcome};
use crate::testing::Opener;
use crate::testing::stage::lab::{AT_ONCE, Lab, TIMEOUT, asynchronous, par, plain, seq, sub, task};
use crate::testing::stage::world::{Gate, World, block_until};
use crate::testing::stage::{CaseResult, Place, within};
use crate::words::error::{TaskError, TaskErrorKind};
use crate::words::policy::Policy;

fn kind(outcome: &Outcome) -> TaskErrorKind {
    match outcome {
        Outcome::Failed(failure) => failure.error().kind(),
        other => panic!("{other:?}"),
    }
}

pub(super) async fn r15_an_async_attempt_is_dropped_when_its_time_is_over<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let begun = Instant::now();
    let ended = place.run(Lab::new(&world, task("async_timeout", "a"))).await?;
    assert_eq!(kind(&ended.outcome), TaskErrorKind::Timeout);
    assert!(begun.elapsed() >= TIMEOUT);
    world.assert_order("drop a", "on_task_failed a 1");
    world.assert_order("on_task_failed a 1", "on_failed main");
    Ok(())
}

pub(super) async fn r15_a_plain_function_is_not_waited_for_and_is_told<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |context| {
        block_until("the timeout", || context.is_cancelled());
        ours.block();
        Ok(())
    });
    let running = place.start(Lab::new(&world, seq([task("plain_timeout", "a"), plain("b")]))).await?;
    let outcome = within(running.handle.outcome()).await?;
    assert_eq!(kind(&outcome), TaskErrorKind::Timeout);
    assert_eq!(world.count("end a"), 0);
    gate.open();
    let ended = running.end().await?;
    assert_eq!((ended.state("a"), ended.state("b")), (JobState::Failed, JobState::Skipped));
    assert_eq!(world.all("on_task_failed"), ["on_task_failed a 1"]);
    Ok(())
}

pub(super) async fn r15_a_plain_function_that_fails_too_late_is_told_once<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |_| {
        ours.block();
        Err(TaskError::new("too late"))
    });
    let running = place.start(Lab::new(&world, task("plain_timeout", "a"))).await?;
    within(running.handle.outcome()).await?;
    gate.open();
    world.until("fail a").await;
    running.end().await?;
    assert_eq!(world.all("on_task_failed"), ["on_task_failed a 1"]);
    Ok(())
}

pub(super) async fn r15_around_task_changes_nothing_about_timeouts<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| {
        block_until("the timeout", || context.is_cancelled());
        Ok(())
    });
    world.asynchronous("b", |_| std::future::pending());
    for tree in [task("plain_timeout", "a"), task("async_timeout", "b")] {
        let lab = Lab::new(&world, tree).around(|_, _, next| Box::pin(next.run()));
        assert_eq!(kind(&place.run(lab).await?.outcome), TaskErrorKind::Timeout);
    }
    Ok(())
}

pub(super) async fn r15_a_timeout_counts_against_the_retries<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |call| async move {
        if call.context().attempt() == 1 { std::future::pending().await } else { Ok(()) }
    });
    world.plain("b", |context| {
        if context.attempt() == 1 {
            block_until("the timeout", || context.is_cancelled());
        }
        Ok(())
    });
    let tree = seq([task("async_timeout_retries_1", "a"), task("plain_timeout_retries_1", "b")]);
    let ended = place.run(Lab::new(&world, tree)).await?;
    assert!(matches!(ended.outcome, Outcome::Completed), "{:?}", ended.outcome);
    assert_eq!((world.count("begin a"), world.count("begin b")), (2, 2));
    Ok(())
}

pub(super) async fn r15_a_worker_gives_a_timeout_to_tasks_that_ask_for_none<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let handle = Lab::new(&world, asynchronous("a")).build().enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).policy(Policy::new().timeout(TIMEOUT)).start()?;
    assert_eq!(kind(&within(handle.outcome()).await?), TaskErrorKind::Timeout);
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn r15_the_timeout_of_a_process_is_not_that_of_an_attempt<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let policy = Policy::new().timeout(Duration::from_secs(600));
    let ended = place.run(Lab::new(&world, seq([plain("a"), asynchronous("b")])).policy(policy)).await?;
    assert!(matches!(ended.outcome, Outcome::Completed));
    Ok(())
}

fn short() -> Policy {
    Policy::new().timeout(Duration::from_millis(60)).backoff(AT_ONCE)
}

pub(super) async fn r15_a_process_fails_when_its_time_is_over<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let inner = sub(Lab::new(&world, asynchronous("a")).named("inner"));
    let ended = place.run(Lab::new(&world, seq([inner, plain("b")])).policy(short())).await?;
    assert_eq!(kind(&ended.outcome), TaskErrorKind::Timeout);
    let Outcome::Failed(failure) = &ended.outcome else { panic!() };
    assert_eq!((failure.definition(), failure.step()), ("main", "main"));
    assert_eq!(ended.state("b"), JobState::Skipped);
    // Nothing in the inner process has failed: it was stopped.
    world.assert_order("drop a", "on_cancelled inner");
    world.assert_order("on_cancelled inner", "on_failed main");
    Ok(())
}

pub(super) async fn r15_a_process_that_waits_for_a_retry_fails_in_time<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("no")));
    let policy = short().retries(9).backoff(Duration::from_secs(600));
    let ended = place.run(Lab::new(&world, plain("a")).policy(policy)).await?;
    assert_eq!(kind(&ended.outcome), TaskErrorKind::Timeout);
    Ok(())
}

pub(super) async fn r15_a_process_fails_in_time_though_all_places_of_the_worker_are_taken<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    world.plain("a", |context| {
        block_until("the timeout", || context.is_cancelled());
        Ok(())
    });
    for step in 0..6 {
        let tree = if step % 2 == 0 { asynchronous("a") } else { plain("a") };
        let running = place.start_with(Lab::new(&world, par([tree])).policy(short()), 1).await?;
        assert_eq!(kind(&running.end().await?.outcome), TaskErrorKind::Timeout);
    }
    Ok(())
}

pub(super) async fn r15_a_process_that_completes_in_time_is_not_touched<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let running = place.start(Lab::new(&world, plain("a")).policy(short())).await?;
    let handle = running.handle.clone();
    running.end().await?;
    // Another process outlives the timeout of the first.
    world.asynchronous("c", |_| std::future::pending());
    let other = Lab::new(&world, asynchronous("c")).policy(short()).build().enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).start()?;
    assert_eq!(kind(&within(other.outcome()).await?), TaskErrorKind::Timeout);
    assert!(matches!(within(handle.outcome()).await?, Outcome::Completed));
    within(worker.shutdown()).await;
    Ok(())
}
