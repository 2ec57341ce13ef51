//! R9 and R10: how often, and after what pause.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tasktronaut::{Policy, ResultExt, RetryAfter, TaskError};

use super::lab::run;
use tasktronaut::testing::stage::lab::{Lab, asynchronous, plain};
use tasktronaut::testing::stage::world::World;

/// The pauses between the attempts of a step.
async fn pauses(
    tree: tasktronaut::testing::stage::lab::Tree,
    policy: Policy,
    asks: Option<Duration>,
) -> Vec<Duration> {
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
