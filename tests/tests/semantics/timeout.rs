//! R15: attempts and processes that take too long.

use std::time::{Duration, Instant};

use tasktronaut::{Outcome, Policy, TaskErrorKind};

use super::lab::start_with;
use tasktronaut::testing::stage::lab::{AT_ONCE, Lab, asynchronous, par, plain};
use tasktronaut::testing::stage::world::{World, block_until};

fn kind(outcome: &Outcome) -> TaskErrorKind {
    match outcome {
        Outcome::Failed(failure) => failure.error().kind(),
        other => panic!("{other:?}"),
    }
}

fn short() -> Policy {
    Policy::new().timeout(Duration::from_millis(60)).backoff(AT_ONCE)
}

#[tokio::test]
async fn r15_a_process_fails_in_time_though_all_places_of_the_worker_are_taken() {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    world.plain("a", |context| {
        block_until("the timeout", || context.is_cancelled());
        Ok(())
    });
    let begun = Instant::now();
    for step in 0..6 {
        let tree = if step % 2 == 0 { asynchronous("a") } else { plain("a") };
        let running = start_with(Lab::new(&world, par([tree])).policy(short()), 1).await;
        assert_eq!(kind(&running.end().await.unwrap().outcome), TaskErrorKind::Timeout);
    }
    // Much less than a second each, after which everybody looks by himself.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}
