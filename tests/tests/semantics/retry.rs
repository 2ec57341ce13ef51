//! R9 and R10: how often, and after what pause.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tasktronaut::{LocalBackend, Outcome, Policy, ResultExt, RetryAfter, TaskError, Worker};

use super::lab::{AT_ONCE, Lab, asynchronous, plain, run, seq, start, sub, task, within};
use super::world::World;

fn always_fails(world: &World) {
    world.plain("a", |_| Err(TaskError::new("no")));
    world.asynchronous("a", |_| async { Err(TaskError::new("no")) });
}

#[tokio::test]
async fn r9_nothing_is_repeated_that_nobody_asked_for() {
    let world = World::new();
    always_fails(&world);
    let ended = run(Lab::new(&world, plain("a")).policy(Policy::new())).await;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    assert_eq!(world.count("begin a"), 1);
}

#[tokio::test]
async fn r9_n_retries_are_n_plus_1_attempts() {
    for name in ["plain_retries_3", "async_retries_3"] {
        let world = World::new();
        always_fails(&world);
        let ended = run(Lab::new(&world, task(name, "a"))).await;
        assert!(matches!(ended.outcome, Outcome::Failed(_)));
        assert_eq!(world.count("begin a"), 4);
        assert_eq!(ended.status.tasks().next().unwrap().attempt, 4);
    }
}

/// How many attempts are made of a task with this policy round it.
async fn attempts(task: &'static str, definition: Policy, process: Policy, worker: Policy) -> usize {
    let world = World::new();
    always_fails(&world);
    let lab = Lab::new(&world, super::lab::task(task, "a")).policy(definition);
    let backend = LocalBackend::new();
    let handle = lab.builder().policy(process).build().unwrap().enqueue(&backend).await.unwrap();
    let worker = Worker::new(backend).policy(worker).start().unwrap();
    within(handle.outcome()).await.unwrap();
    within(worker.shutdown()).await;
    world.count("begin a")
}

#[tokio::test]
async fn r9_the_task_comes_before_the_process_and_the_process_before_the_worker() {
    let open = Policy::new().backoff(AT_ONCE);
    let (one, two) = (open.retries(1), open.retries(2));
    assert_eq!(attempts("plain_retries_3", one, open, two).await, 4);
    assert_eq!(attempts("plain_retries_0", one, open, two).await, 1);
    assert_eq!(attempts("plain", one, open, two).await, 2);
    assert_eq!(attempts("plain", open, open, two).await, 3);
    // What one process asks for counts in place of what its definition asks for.
    assert_eq!(attempts("plain", one, two, open).await, 3);
    assert_eq!(attempts("asynchronous", two, one, open).await, 2);
}

#[tokio::test]
async fn r9_a_sub_process_asks_before_the_process_around_it() {
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
        run(Lab::new(&world, sub(middle)).policy(policy(outer))).await;
        assert_eq!(world.count("begin a"), wanted);
    }
}

#[tokio::test]
async fn r9_a_job_that_succeeds_later_is_a_success() {
    let world = World::new();
    world.plain("a", |context| if context.attempt() < 4 { Err(TaskError::new("no")) } else { Ok(()) });
    let ended = run(Lab::new(&world, seq([task("plain_retries_3", "a"), plain("b")]))).await;
    assert!(matches!(ended.outcome, Outcome::Completed));
    world.assert_order("end a", "begin b");
}

/// The pauses between the attempts of a step.
async fn pauses(tree: super::lab::Tree, policy: Policy, asks: Option<Duration>) -> Vec<Duration> {
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
    run(Lab::new(&world, tree).policy(policy)).await;
    let begun = begun.lock().unwrap();
    begun.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test]
async fn r10_pauses_double_and_are_kept_and_not_slept_over() {
    let policy = Policy::new().retries(5).backoff(Duration::from_millis(8));
    for tree in [plain("a"), asynchronous("a")] {
        let pauses = pauses(tree, policy, None).await;
        assert_eq!(pauses.len(), 5);
        // The jitter leaves at least half of each.
        for (pause, least) in pauses.iter().zip([4, 8, 16, 32, 64]) {
            assert!(pause.as_millis() >= least, "{pauses:?}");
        }
        // Much less than a second each, after which sleeping threads look by themselves.
        assert!(pauses.iter().sum::<Duration>() < Duration::from_secs(3), "{pauses:?}");
    }
}

#[tokio::test]
async fn r10_an_error_names_its_own_pause() {
    for tree in [plain("a"), asynchronous("a")] {
        let policy = Policy::new().retries(4).backoff(Duration::from_secs(600));
        let pauses = pauses(tree, policy, Some(Duration::from_millis(20))).await;
        assert_eq!(pauses.len(), 4);
        assert!(pauses.iter().all(|pause| pause.as_millis() >= 20), "{pauses:?}");
        assert!(pauses.iter().sum::<Duration>() < Duration::from_secs(3), "{pauses:?}");
    }
    let asked: Result<(), _> = Err::<(), _>("busy").retry_after(Duration::from_secs(3));
    assert_eq!(asked.unwrap_err().pause(), Duration::from_secs(3));
}

#[tokio::test]
async fn r10_a_pause_holds_up_nobody_else() {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("no")));
    let policy = Policy::new().retries(1).backoff(Duration::from_secs(600));
    let running =
        start(Lab::new(&world, super::lab::par([plain("a"), seq([plain("b"), plain("c")])])).policy(policy))
            .await;
    world.until("on_task_failed a 1").await;
    world.until("end c").await;
    running.handle.cancel("enough").await.unwrap();
    running.end().await;
}
