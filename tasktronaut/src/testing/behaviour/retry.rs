//! R9 and R10: how often, and after what pause.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::plan::Outcome;
use crate::testing::Opener;
use crate::testing::stage::lab::{AT_ONCE, Lab, Tree, asynchronous, par, plain, seq, sub, task};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Place, within};
use crate::words::error::{BoxError, ResultExt, RetryAfter, TaskError};
use crate::words::policy::Policy;

fn always_fails(world: &World) {
    world.plain("a", |_| Err(TaskError::new("no")));
    world.asynchronous("a", |_| async { Err(TaskError::new("no")) });
}

pub(super) async fn r9_nothing_is_repeated_that_nobody_asked_for<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    always_fails(&world);
    let ended = place.run(Lab::new(&world, plain("a")).policy(Policy::new())).await?;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    assert_eq!(world.count("begin a"), 1);
    Ok(())
}

pub(super) async fn r9_n_retries_are_n_plus_1_attempts<O: Opener>(place: Place<O>) -> CaseResult {
    for name in ["plain_retries_3", "async_retries_3"] {
        let world = World::new();
        always_fails(&world);
        let ended = place.run(Lab::new(&world, task(name, "a"))).await?;
        assert!(matches!(ended.outcome, Outcome::Failed(_)));
        assert_eq!(world.count("begin a"), 4);
        assert_eq!(ended.status.tasks().next().unwrap().attempt, 4);
    }
    Ok(())
}

/// How many attempts are made of a task with this policy round it.
async fn attempts<O: Opener>(
    place: &Place<O>,
    name: &'static str,
    [definition, process, worker]: [Policy; 3],
) -> Result<usize, BoxError> {
    let world = World::new();
    always_fails(&world);
    let lab = Lab::new(&world, task(name, "a")).policy(definition);
    let handle = lab.builder().policy(process).build().unwrap().enqueue(&place.backend).await?;
    let worker = place.worker_in(&world).policy(worker).start()?;
    within(handle.outcome()).await?;
    within(worker.shutdown()).await;
    Ok(world.count("begin a"))
}

pub(super) async fn r9_the_task_comes_before_the_process_and_the_process_before_the_worker<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let open = Policy::new().backoff(AT_ONCE);
    let (one, two) = (open.retries(1), open.retries(2));
    assert_eq!(attempts(&place, "plain_retries_3", [one, open, two]).await?, 4);
    assert_eq!(attempts(&place, "plain_retries_0", [one, open, two]).await?, 1);
    assert_eq!(attempts(&place, "plain", [one, open, two]).await?, 2);
    assert_eq!(attempts(&place, "plain", [open, open, two]).await?, 3);
    // What one process asks for counts in place of what its definition asks for.
    assert_eq!(attempts(&place, "plain", [one, two, open]).await?, 3);
    assert_eq!(attempts(&place, "asynchronous", [two, one, open]).await?, 2);
    Ok(())
}

pub(super) async fn r9_a_sub_process_asks_before_the_process_around_it<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    for (inner, middle, outer, wanted) in [
        (Some(1), Some(2), Some(0), 2),
        (None, Some(2), Some(0), 3),
        (None, None, Some(3), 4),
        (None, None, None, 1),
    ] {
        let world = World::new();
        always_fails(&world);
        let policy = |retries: Option<u32>| {
            let policy = Policy::new().backoff(AT_ONCE);
            retries.map_or(policy, |retries| policy.retries(retries))
        };
        let inner = Lab::new(&world, plain("a")).named("inner").policy(policy(inner));
        let middle = Lab::new(&world, sub(inner)).named("middle").policy(policy(middle));
        place.run(Lab::new(&world, sub(middle)).policy(policy(outer))).await?;
        assert_eq!(world.count("begin a"), wanted);
    }
    Ok(())
}

pub(super) async fn r9_a_job_that_succeeds_later_is_a_success<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| if context.attempt() < 4 { Err(TaskError::new("no")) } else { Ok(()) });
    let ended = place.run(Lab::new(&world, seq([task("plain_retries_3", "a"), plain("b")]))).await?;
    assert!(matches!(ended.outcome, Outcome::Completed));
    world.assert_order("end a", "begin b");
    Ok(())
}

/// The pauses between the attempts of a step.
async fn pauses<O: Opener>(
    place: &Place<O>,
    tree: Tree,
    policy: Policy,
    asks: Option<Duration>,
) -> Result<Vec<Duration>, BoxError> {
    let world = World::new();
    let begun = Arc::new(Mutex::new(Vec::new()));
    let times = begun.clone();
    let fail = move || {
        times.lock().unwrap().push(Instant::now());
        match asks {
            Some(pause) => Err(TaskError::new(RetryAfter::new(pause, "busy"))),
            None => Err(TaskError::new("no")),
        }
    };
    let also = fail.clone();
    world.plain("a", move |_| fail());
    world.asynchronous("a", move |_| {
        let fail = also.clone();
        async move {
            tokio::task::yield_now().await;
            fail()
        }
    });
    place.run(Lab::new(&world, tree).policy(policy)).await?;
    let begun = begun.lock().unwrap();
    Ok(begun.windows(2).map(|pair| pair[1] - pair[0]).collect())
}

pub(super) async fn r10_pauses_double_and_are_kept_and_not_slept_over<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let policy = Policy::new().retries(5).backoff(Duration::from_millis(8));
    for tree in [plain("a"), asynchronous("a")] {
        let pauses = pauses(&place, tree, policy, None).await?;
        assert_eq!(pauses.len(), 5);
        // The jitter leaves at least half of each.
        for (pause, least) in pauses.iter().zip([4, 8, 16, 32, 64]) {
            assert!(pause.as_millis() >= least, "{pauses:?}");
        }
    }
    Ok(())
}

pub(super) async fn r10_an_error_names_its_own_pause<O: Opener>(place: Place<O>) -> CaseResult {
    for tree in [plain("a"), asynchronous("a")] {
        let policy = Policy::new().retries(4).backoff(Duration::from_secs(600));
        let pauses = pauses(&place, tree, policy, Some(Duration::from_millis(20))).await?;
        assert_eq!(pauses.len(), 4);
        assert!(pauses.iter().all(|pause| pause.as_millis() >= 20), "{pauses:?}");
    }
    let asked: Result<(), _> = Err::<(), _>("busy").retry_after(Duration::from_secs(3));
    assert_eq!(asked.unwrap_err().pause(), Duration::from_secs(3));
    Ok(())
}

pub(super) async fn r10_a_pause_holds_up_nobody_else<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("no")));
    let policy = Policy::new().retries(1).backoff(Duration::from_secs(600));
    let running = place
        .start(Lab::new(&world, par([plain("a"), seq([plain("b"), plain("c")])])).policy(policy))
        .await?;
    world.until("on_task_failed a 1").await;
    world.until("end c").await;
    running.handle.cancel("enough").await?;
    running.end().await?;
    Ok(())
}
