//! R13: cancellation, from a task and from outside.

use crate::backend::CancelAnswer;
use crate::plan::{JobState, Outcome};
use crate::testing::Opener;
use crate::testing::stage::lab::{Lab, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::{Gate, World, block_until};
use crate::testing::stage::{CaseResult, Hand, Place, within};
use crate::words::error::{CancelProcessError, TaskError};

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Cancelled { reason } => reason,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn r13_a_task_cancels_its_process<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new(CancelProcessError::new("enough"))));
    let ended = place.run(Lab::new(&world, seq([plain("a"), plain("b")]))).await?;
    assert_eq!(reason(&ended.outcome), "enough");
    assert_eq!((ended.state("a"), ended.state("b")), (JobState::Cancelled, JobState::Cancelled));
    assert_eq!(world.all("begin"), ["begin a"]);
    assert_eq!(world.all("on_").last().unwrap(), "on_cancelled main");
    assert_eq!(world.all("on_failed").len() + world.all("on_completed").len(), 0);
    Ok(())
}

pub(super) async fn r13_a_process_is_cancelled_before_it_starts<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let handle = Lab::new(&world, plain("a")).build().enqueue(&place.backend).await?;
    assert!(matches!(handle.cancel("enough").await?, CancelAnswer::Cancelled));
    let worker = place.worker_in(&world).start()?;
    assert_eq!(reason(&within(handle.outcome()).await?), "enough");
    // The root is told, though it never started.
    assert_eq!(world.log(), ["on_cancelled main"]);
    worker.shutdown().await;
    Ok(())
}

pub(super) async fn r13_running_async_tasks_are_dropped_at_the_next_await<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("hangs", |_| std::future::pending());
    let tree = seq([par([asynchronous("hangs"), plain("a")]), plain("b")]);
    let running = place.start(Lab::new(&world, tree)).await?;
    world.until("begin hangs").await;
    world.until("end a").await;
    running.handle.cancel("enough").await?;
    let ended = running.end().await?;
    assert_eq!(reason(&ended.outcome), "enough");
    world.assert_order("drop hangs", "on_cancelled main");
    assert_eq!(ended.state("hangs"), JobState::Cancelled);
    assert_eq!(world.count("begin b"), 0);
    assert_eq!(world.all("on_task_failed").len(), 0);
    Ok(())
}

pub(super) async fn r13_a_running_plain_function_sees_it_and_is_waited_for<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| {
        block_until("the cancellation", || context.is_cancelled());
        Ok(())
    });
    let running = place.start(Lab::new(&world, seq([plain("a"), plain("b")]))).await?;
    world.until("begin a").await;
    running.handle.cancel("enough").await?;
    let ended = running.end().await?;
    assert_eq!(reason(&ended.outcome), "enough");
    world.assert_order("end a", "on_cancelled main");
    assert_eq!((ended.state("a"), ended.state("b")), (JobState::Succeeded, JobState::Cancelled));
    Ok(())
}

pub(super) async fn r13_around_task_does_not_make_a_plain_function_end_before_it_does<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |context| {
        block_until("the cancellation", || context.is_cancelled());
        ours.block();
        Ok(())
    });
    let lab = Lab::new(&world, plain("a")).around(|_, _, next| Box::pin(next.run()));
    let running = place.start(lab).await?;
    world.until("begin a").await;
    let mut events = running.handle.events().await?;
    running.handle.cancel("enough").await?;
    gate.open();
    within(async { while events.next().await.is_some() {} }).await;
    running.end().await?;
    world.assert_order("end a", "on_cancelled main");
    Ok(())
}

pub(super) async fn r13_cancelling_twice_is_the_same_as_once<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let running = place.start(Lab::new(&world, asynchronous("a"))).await?;
    world.until("begin a").await;
    for _ in 0..2 {
        assert!(matches!(running.handle.cancel("first").await?, CancelAnswer::Cancelled));
    }
    assert!(matches!(running.handle.cancel("second").await?, CancelAnswer::Cancelled));
    let handle = running.handle.clone();
    let ended = running.end().await?;
    assert_eq!(reason(&ended.outcome), "first");
    assert!(matches!(handle.cancel("third").await?, CancelAnswer::Cancelled));
    assert_eq!(world.count("on_cancelled main"), 1);
    Ok(())
}

pub(super) async fn r13_after_the_last_job_it_is_too_late<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.hook("on_completed main", move || {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let running = place.start(Lab::new(&world, plain("a"))).await?;
    // The outcome is there as soon as the last hook may run, though it has not ended.
    world.until("on_completed main").await;
    let answer = running.handle.cancel("too late").await?;
    assert!(matches!(answer, CancelAnswer::TooLate(Outcome::Completed)), "{answer:?}");
    gate.open();
    let handle = running.handle.clone();
    assert!(matches!(running.end().await?.outcome, Outcome::Completed));
    assert!(matches!(handle.cancel("too late").await?, CancelAnswer::TooLate(Outcome::Completed)));
    assert_eq!(world.all("on_").last().unwrap(), "on_completed main");
    Ok(())
}

pub(super) async fn r13_after_a_failure_it_is_too_late<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("broken")));
    let running = place.start(Lab::new(&world, plain("a"))).await?;
    let handle = running.handle.clone();
    running.end().await?;
    let answer = handle.cancel("too late").await?;
    assert!(matches!(answer, CancelAnswer::TooLate(Outcome::Failed(_))), "{answer:?}");
    Ok(())
}

/// Cancellation and completion race: whoever wins, exactly one hook runs, and the answer is true.
pub(super) async fn r13_who_wins_is_told<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let worker = place.worker_in(&world).concurrency(2).start()?;
    for round in 0..40 {
        let step = round.to_string();
        let handle = place.enqueue(&Lab::new(&world, plain(&step))).await?;
        if round % 2 == 0 {
            world.until(&format!("begin {step}")).await;
        }
        let answer = handle.cancel("enough").await?;
        let outcome = within(handle.outcome()).await?;
        let ends = |hook| world.count(&format!("on_{hook} main"));
        match answer {
            CancelAnswer::Cancelled => assert_eq!(outcome.as_str(), "cancelled"),
            CancelAnswer::TooLate(won) => {
                assert_eq!((won.as_str(), outcome.as_str()), ("completed", "completed"))
            }
        }
        assert_eq!(ends("cancelled") + ends("completed"), round + 1, "{outcome}: {:#?}", world.log());
    }
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn r13_sub_processes_are_cancelled_too<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.asynchronous("b", |_| std::future::pending());
    let lab = |name, tree| sub(Lab::new(&world, tree).named(name));
    let inner = lab("inner", seq([asynchronous("b"), plain("c")]));
    let tree = seq([lab("done", plain("a")), lab("outer", inner), lab("never", plain("d"))]);
    let running = place.start(Lab::new(&world, tree)).await?;
    world.until("begin b").await;
    running.handle.cancel("enough").await?;
    let ended = running.end().await?;
    assert_eq!(ended.status.count(JobState::Cancelled), 3);
    let wanted = ["on_cancelled inner", "on_cancelled outer", "on_cancelled main"];
    assert_eq!(world.all("on_cancelled"), wanted);
    assert_eq!(world.all("on_completed"), ["on_completed done"]);
    assert_eq!(world.all("on_started never").len(), 0);
    Ok(())
}

pub(super) async fn r13_what_another_program_runs_of_it_is_dropped<O: Opener>(place: Place<O>) -> CaseResult {
    let lab = Lab::new(&World::new(), plain("a"));
    let handle = place.enqueue(&lab).await?;
    let hand = Hand::join(place.other().await?, &lab).await?;
    let held = hand.claim().await?;
    handle.cancel("enough").await?;
    hand.beat().await?;
    assert!(held.is_dropped());
    Ok(())
}
