//! R11 and R12: what a failure does to the rest of a process.

use crate::plan::rules::Verdict;
use crate::plan::{JobState, Outcome};
use crate::testing::Opener;
use crate::testing::stage::lab::{AT_ONCE, Lab, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::{Gate, World, block_until};
use crate::testing::stage::{CaseResult, Hand, Place, state_of, within};
use crate::words::error::{NonRetryableProcessError, TaskError};
use crate::words::policy::Policy;

pub(super) async fn r12_a_failure_skips_what_is_queued<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("broken")));
    let tree = seq([plain("a"), par([plain("b"), asynchronous("c")]), plain("d")]);
    let ended = place.run(Lab::new(&world, tree)).await?;
    let Outcome::Failed(failure) = &ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!(failure.error().to_string(), "broken");
    assert_eq!(ended.state("a"), JobState::Failed);
    for step in ["b", "c", "d"] {
        assert_eq!(ended.state(step), JobState::Skipped);
    }
    assert_eq!(world.all("begin"), ["begin a"]);
    assert_eq!(world.all("on_"), ["on_started main", "on_task_failed a 1", "on_failed main"]);
    Ok(())
}

pub(super) async fn r4_what_another_attempt_says_in_the_end_is_lost<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let lab = Lab::new(&World::new(), plain("a"));
    let handle = place.enqueue(&lab).await?;
    let hand = Hand::join(place.backend.clone(), &lab).await?;
    hand.succeed().await?;
    let first = hand.claim().await?;
    assert!(hand.end(&first, Some(Verdict::Retry { after: AT_ONCE })).await?);
    let second = hand.claim().await?;
    for verdict in [Some(Verdict::Fail), Some(Verdict::Cancel), Some(Verdict::GiveUp), None] {
        assert!(!hand.end(&first, verdict).await?);
    }
    let status = handle.status().await?;
    assert_eq!((state_of(&status, "a"), status.outcome.is_none()), (JobState::Running, true));
    assert!(hand.end(&second, None).await?);
    hand.succeed().await?;
    assert!(matches!(within(handle.outcome()).await?, Outcome::Completed));
    Ok(())
}

pub(super) async fn r12_what_was_claimed_together_with_a_failure_is_not_begun<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("200", |_| Err(TaskError::new("broken")));
    let steps: Vec<String> = (0..400).map(|step| step.to_string()).collect();
    let lab = Lab::new(&world, par(steps.iter().map(|step| plain(step))));
    // Quick ones are claimed many at a time.
    let ended = place.start_with(lab, 1).await?.end().await?;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    assert_eq!(world.all("begin").last().map(String::as_str), Some("begin 200"));
    Ok(())
}

pub(super) async fn r12_running_jobs_are_told_and_may_finish_and_unlock_nothing<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let begun = gate.clone();
    world.plain("runs", move |context| {
        begun.open();
        block_until("the failure", || context.is_cancelled());
        Ok(())
    });
    world.asynchronous("fails", move |_| {
        let gate = gate.clone();
        async move {
            gate.pass().await;
            Err(TaskError::new("broken"))
        }
    });
    let tree = par([seq([plain("runs"), plain("next")]), asynchronous("fails")]);
    let ended = place.run(Lab::new(&world, tree)).await?;
    assert_eq!(ended.state("runs"), JobState::Succeeded);
    assert_eq!(ended.state("next"), JobState::Skipped);
    world.assert_order("end runs", "on_failed main");
    assert_eq!(world.count("on_completed main"), 0);
    Ok(())
}

pub(super) async fn r12_the_first_failure_is_the_one_that_is_told<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let opens = gate.clone();
    world.plain("second", move |context| {
        opens.open();
        block_until("the failure", || context.is_cancelled());
        Err(TaskError::new("second"))
    });
    world.plain("first", move |_| {
        gate.block();
        Err(TaskError::new("first"))
    });
    let ended = place.run(Lab::new(&world, par([plain("second"), plain("first")]))).await?;
    let Outcome::Failed(failure) = &ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!(failure.error().to_string(), "first");
    assert_eq!(world.all("told"), ["told main: plain: first"]);
    assert_eq!(ended.state("second"), JobState::Failed);
    assert_eq!(world.all("on_task_failed").len(), 2);
    Ok(())
}

pub(super) async fn r12_a_retry_that_waits_is_skipped_when_something_else_fails<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("waits", |_| Err(TaskError::new("later")));
    let noted = world.clone();
    world.plain("fails", move |_| {
        block_until("the first attempt", || noted.count("on_task_failed waits 1") == 1);
        Err(TaskError::new(NonRetryableProcessError::new("broken")))
    });
    let policy = Policy::new().retries(5).backoff(std::time::Duration::from_secs(600));
    let ended = place.run(Lab::new(&world, par([plain("waits"), plain("fails")])).policy(policy)).await?;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    assert!(matches!(ended.state("waits"), JobState::Skipped | JobState::Failed));
    assert_eq!(world.count("begin waits"), 1);
    Ok(())
}

pub(super) async fn r11_a_non_retryable_error_is_never_repeated<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new(NonRetryableProcessError::new("broken"))));
    let policy = Policy::new().retries(5).backoff(AT_ONCE);
    let ended = place.run(Lab::new(&world, seq([plain("a"), plain("b")])).policy(policy)).await?;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    assert_eq!(world.all("begin"), ["begin a"]);
    Ok(())
}

fn siblings() -> Policy {
    Policy::new().finish_siblings().backoff(AT_ONCE)
}

pub(super) async fn r12_finish_siblings_lets_go_on_what_does_not_depend_on_the_failure<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("broken")));
    let tree = seq([
        par([seq([plain("a"), plain("after a")]), seq([plain("b"), asynchronous("after b")])]),
        plain("last"),
    ]);
    let ended = place.run(Lab::new(&world, tree).policy(siblings())).await?;
    let Outcome::Failed(failure) = &ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!(failure.error().to_string(), "broken");
    let states = ["a", "after a", "b", "after b", "last"].map(|step| ended.state(step));
    let (failed, skipped, succeeded) = (JobState::Failed, JobState::Skipped, JobState::Succeeded);
    assert_eq!(states, [failed, skipped, succeeded, succeeded, skipped]);
    world.assert_order("end after b", "on_failed main");
    assert_eq!(world.all("told"), ["told main: plain: broken"]);
    Ok(())
}

pub(super) async fn r12_finish_siblings_tells_each_scope_what_happened_in_it<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("broken")));
    let lab = |name, tree| sub(Lab::new(&world, tree).named(name));
    let inner = lab("inner", plain("a"));
    let tree = seq([
        par([
            lab("outer", seq([inner, lab("never", plain("never"))])),
            lab("beside", seq([plain("b"), plain("c")])),
        ]),
        lab("after", plain("after")),
    ]);
    let ended = place.run(Lab::new(&world, tree).policy(siblings())).await?;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    let mut hooks = world.all("on_");
    hooks.sort();
    let wanted = [
        "on_completed beside",
        "on_failed inner",
        "on_failed main",
        "on_failed outer",
        "on_started beside",
        "on_started inner",
        "on_started main",
        "on_started outer",
        "on_task_failed a 1",
    ];
    assert_eq!(hooks, wanted);
    world.assert_order("on_failed inner", "on_failed outer");
    world.assert_order("on_failed outer", "on_failed main");
    world.assert_order("on_completed beside", "on_failed main");
    Ok(())
}

pub(super) async fn r12_finish_siblings_tells_the_first_of_several_failures<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let opens = world.clone();
    world.plain("a", |_| Err(TaskError::new("first")));
    world.plain("b", move |_| {
        block_until("the first failure", || opens.count("on_task_failed a 1") == 1);
        gate.open();
        Err(TaskError::new("second"))
    });
    let ended = place.run(Lab::new(&world, par([seq([plain("a")]), plain("b")])).policy(siblings())).await?;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    assert_eq!(ended.status.count(JobState::Failed), 2);
    assert_eq!(world.all("on_failed").len(), 1);
    Ok(())
}

pub(super) async fn r12_finish_siblings_can_still_be_cancelled<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("broken")));
    let gate = Gate::new();
    let ours = gate.clone();
    world.asynchronous("b", move |_| {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let lab = |name, tree| sub(Lab::new(&world, tree).named(name));
    let tree = par([lab("failed", plain("a")), lab("runs", asynchronous("b"))]);
    let running = place.start(Lab::new(&world, tree).policy(siblings())).await?;
    world.until("on_failed failed").await;
    world.until("begin b").await;
    running.handle.cancel("enough").await?;
    let ended = running.end().await?;
    assert!(matches!(ended.outcome, Outcome::Cancelled { .. }));
    assert_eq!(world.all("on_failed"), ["on_failed failed"]);
    let mut cancelled = world.all("on_cancelled");
    cancelled.sort();
    assert_eq!(cancelled, ["on_cancelled main", "on_cancelled runs"]);
    drop(gate);
    Ok(())
}
