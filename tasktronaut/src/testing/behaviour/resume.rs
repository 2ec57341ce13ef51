//! Going on from failed jobs.

use crate::backend::BackendError;
use crate::plan::rules::Verdict;
use crate::plan::{JobState, Outcome};
use crate::testing::stage::lab::{AT_ONCE, DEADLINE, Lab, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Hand, Opener, Place, state_of, within};
use crate::words::error::{CancelProcessError, TaskError};
use crate::words::policy::Policy;

/// The task of a step fails so often, then succeeds.
fn fails(world: &World, step: &str, times: usize) {
    let (noted, entry) = (world.clone(), format!("begin {step}"));
    world.plain(
        step,
        move |_| if noted.count(&entry) <= times { Err(TaskError::new("broken")) } else { Ok(()) },
    );
}

pub(super) async fn what_has_succeeded_stays_and_what_failed_is_run_again<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    fails(&world, "b", 1);
    let running = place.start(Lab::new(&world, seq([plain("a"), plain("b"), plain("c")]))).await?;
    assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
    running.handle.retry_failed().await?;
    let ended = running.end().await?;
    ended.completed();
    assert_eq!(["a", "b", "c"].map(|step| world.count(&format!("begin {step}"))), [1, 2, 1]);
    let wanted = ["on_started main", "on_task_failed b 1", "on_failed main", "on_completed main"];
    assert_eq!(world.all("on_"), wanted);
    let job = ended.status.tasks().find(|job| job.description.as_deref() == Some("b")).unwrap().clone();
    assert_eq!((job.attempt, job.failed), (2, 0));
    Ok(())
}

pub(super) async fn a_joined_block_goes_on<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    fails(&world, "b", 1);
    let tree =
        seq([par([plain("a"), plain("b"), asynchronous("c")]), par([plain("d"), plain("e")]), plain("f")]);
    let lab = Lab::new(&world, tree).policy(Policy::new().finish_siblings());
    let running = place.start(lab).await?;
    assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
    running.handle.retry_failed().await?;
    running.end().await?.completed();
    let counts = ["a", "b", "c", "d", "e", "f"].map(|step| world.count(&format!("begin {step}")));
    assert_eq!(counts, [1, 2, 1, 1, 1, 1]);
    Ok(())
}

pub(super) async fn a_block_that_was_stopped_goes_on<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    fails(&world, "b", 1);
    let tree = seq([par([plain("a"), seq([plain("b"), plain("c")]), plain("d")]), plain("e")]);
    let running = place.start_with(Lab::new(&world, tree), 1).await?;
    assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
    running.handle.retry_failed().await?;
    running.end().await?.completed();
    for step in ["a", "b", "c", "d", "e"] {
        assert_eq!(world.count(&format!("end {step}")), 1, "{step}");
    }
    Ok(())
}

pub(super) async fn a_failed_job_gets_a_new_budget_of_retries<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    fails(&world, "a", 6);
    let lab = Lab::new(&world, plain("a")).policy(Policy::new().retries(2).backoff(AT_ONCE));
    let running = place.start(lab).await?;
    assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
    assert_eq!(world.count("begin a"), 3);
    running.handle.retry_failed().await?;
    assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
    assert_eq!(world.count("begin a"), 6);
    running.handle.retry_failed().await?;
    running.end().await?.completed();
    assert_eq!((world.count("begin a"), world.count("on_failed main")), (7, 2));
    Ok(())
}

pub(super) async fn r14_sub_processes_that_did_not_complete_are_told_again<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    fails(&world, "b", 1);
    let lab = |name, tree| sub(Lab::new(&world, tree).named(name));
    let tree = seq([
        lab("done", plain("a")),
        lab("outer", seq([lab("inner", plain("b")), plain("c")])),
        lab("after", plain("d")),
    ]);
    let running = place.start(Lab::new(&world, tree)).await?;
    assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
    running.handle.retry_failed().await?;
    running.end().await?.completed();
    let hooks = |name: &str| -> Vec<String> {
        world.all("on_").into_iter().filter(|hook| hook.ends_with(name)).collect()
    };
    assert_eq!(hooks(" done"), ["on_started done", "on_completed done"]);
    assert_eq!(hooks(" inner"), ["on_started inner", "on_failed inner", "on_completed inner"]);
    assert_eq!(hooks(" outer"), ["on_started outer", "on_failed outer", "on_completed outer"]);
    assert_eq!(hooks(" after"), ["on_started after", "on_completed after"]);
    assert_eq!(hooks(" main"), ["on_started main", "on_failed main", "on_completed main"]);
    Ok(())
}

pub(super) async fn only_what_has_failed_and_ended_can_go_on<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("cancels", |_| Err(TaskError::new(CancelProcessError::new("enough"))));
    let waits = place.enqueue(&Lab::new(&world, plain("a"))).await?;
    let refused = |error: BackendError, wanted: &str| match error {
        BackendError::WrongState { state, .. } => assert_eq!(state, wanted),
        other => panic!("{other:?}"),
    };
    refused(waits.retry_failed().await.unwrap_err(), "active");
    let worker = place.worker_in(&world).start()?;
    within(waits.wait()).await?;
    refused(waits.retry_failed().await.unwrap_err(), "completed");
    let cancelled = place.enqueue(&Lab::new(&world, plain("cancels"))).await?;
    assert!(within(cancelled.wait()).await.is_err());
    refused(cancelled.retry_failed().await.unwrap_err(), "cancelled");
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn what_goes_on_can_be_cancelled<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |call| async move {
        if call.context().attempt() == 1 {
            Err(TaskError::new("broken"))
        } else {
            std::future::pending().await
        }
    });
    let running = place.start(Lab::new(&world, seq([asynchronous("a"), plain("b")]))).await?;
    assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
    running.handle.retry_failed().await?;
    world.until_all("begin a", 2).await;
    running.handle.cancel("enough").await?;
    let ended = running.end().await?;
    assert!(matches!(ended.outcome, Outcome::Cancelled { .. }));
    assert_eq!(world.all("on_").last().unwrap(), "on_cancelled main");
    assert_eq!(state_of(&ended.status, "b"), JobState::Cancelled);
    Ok(())
}

pub(super) async fn while_it_goes_on_nobody_is_told_that_it_has_ended<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    fails(&world, "a", 1);
    let running = place.start(Lab::new(&world, seq([plain("a"), plain("b")]))).await?;
    assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
    running.handle.pause().await?;
    running.handle.retry_failed().await?;
    let status = running.handle.status().await?;
    assert!(status.outcome.is_none() && !status.ended, "{status:#?}");
    assert_eq!((state_of(&status, "a"), state_of(&status, "b")), (JobState::Ready, JobState::Blocked));
    running.handle.resume().await?;
    tokio::time::timeout(DEADLINE, running.end()).await??.completed();
    Ok(())
}

/// The answer to an end may be lost, so that it is sent again when the job is to begin once more.
pub(super) async fn r4_an_end_that_was_counted_before_does_not_count_again<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let lab = Lab::new(&World::new(), plain("a"));
    let handle = place.enqueue(&lab).await?;
    let hand = Hand::join(place.backend.clone(), &lab).await?;
    hand.succeed().await?;
    let failed = hand.claim().await?;
    assert!(hand.end(&failed, Some(Verdict::Fail)).await?);
    hand.succeed().await?;
    handle.retry_failed().await?;
    for verdict in [Some(Verdict::Fail), None] {
        assert!(!hand.end(&failed, verdict).await?);
    }
    assert_eq!(state_of(&handle.status().await?, "a"), JobState::Ready);
    // The task, and the hook.
    hand.succeed().await?;
    hand.succeed().await?;
    assert!(matches!(within(handle.outcome()).await?, Outcome::Completed));
    Ok(())
}

pub(super) async fn a_retry_that_is_refused_harms_nothing<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let running = place.start(Lab::new(&world, seq([asynchronous("a"), plain("b")]))).await?;
    world.until("begin a").await;
    assert!(running.handle.retry_failed().await.is_err());
    running.handle.cancel("enough").await?;
    let ended = running.end().await?;
    assert!(matches!(ended.outcome, Outcome::Cancelled { .. }));
    world.assert_order("drop a", "on_cancelled main");
    Ok(())
}
