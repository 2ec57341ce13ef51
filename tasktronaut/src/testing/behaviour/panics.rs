//! R16: a panic is an ordinary failure of that attempt, and the worker lives.

use crate::plan::{JobState, Outcome};
use crate::testing::Opener;
use crate::testing::stage::lab::{AT_ONCE, Lab, asynchronous, plain, seq};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Ended, Place, within};
use crate::words::error::{BoxError, TaskError, TaskErrorKind};
use crate::words::policy::Policy;

async fn assert_panicked<O: Opener>(place: &Place<O>, lab: Lab) -> Result<Ended, BoxError> {
    let ended = place.start_with(lab, 1).await?.end().await?;
    let Outcome::Failed(failure) = &ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!(failure.error().kind(), TaskErrorKind::Panic);
    assert!(failure.error().to_string().contains("boom"), "{}", failure.error());
    Ok(ended)
}

pub(super) async fn r16_a_panic_fails_the_attempt<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("plain", |_| panic!("boom"));
    world.asynchronous("at once", |_| async { panic!("boom") });
    world.asynchronous("later", |_| async {
        tokio::task::yield_now().await;
        panic!("boom {}", 2)
    });
    world.asynchronous("before", |_| -> std::future::Ready<_> { panic!("boom") });
    for (tree, step) in [
        (plain("plain"), "plain"),
        (asynchronous("at once"), "at once"),
        (asynchronous("later"), "later"),
        (asynchronous("before"), "before"),
    ] {
        let ended = assert_panicked(&place, Lab::new(&world, tree)).await?;
        assert_eq!(ended.state(step), JobState::Failed);
        assert_eq!(world.count(&format!("on_task_failed {step} 1")), 1);
    }
    assert_eq!(world.count("on_failed main"), 4);
    Ok(())
}

pub(super) async fn r16_the_worker_lives_and_the_next_attempt_may_succeed<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| if context.attempt() < 3 { panic!("boom") } else { Ok(()) });
    world.asynchronous("b", |call| async move {
        tokio::task::yield_now().await;
        if call.context().attempt() < 3 { panic!("boom") } else { Ok(()) }
    });
    let lab = Lab::new(&world, seq([plain("a"), asynchronous("b"), plain("c")]));
    let ended =
        place.start_with(lab.policy(Policy::new().retries(2).backoff(AT_ONCE)), 1).await?.end().await?;
    assert!(matches!(ended.outcome, Outcome::Completed));
    assert_eq!(world.count("end c"), 1);
    Ok(())
}

pub(super) async fn r16_hooks_that_panic_change_nothing<O: Opener>(place: Place<O>) -> CaseResult {
    for hook in ["on_started main", "on_completed main", "on_task_failed a 1"] {
        for waits in [false, true] {
            let world = World::new();
            world.plain(
                "a",
                |context| {
                    if context.attempt() == 1 { Err(TaskError::new("no")) } else { Ok(()) }
                },
            );
            world.hook(hook, move || async move {
                if waits {
                    tokio::task::yield_now().await;
                }
                panic!("boom")
            });
            let ended = place
                .run(Lab::new(&world, plain("a")).policy(Policy::new().retries(1).backoff(AT_ONCE)))
                .await?;
            assert!(matches!(ended.outcome, Outcome::Completed), "{hook}");
            assert_eq!(world.count("end a"), 1);
        }
    }
    Ok(())
}

pub(super) async fn r16_around_task_may_panic<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("inside", |_| panic!("boom"));
    for step in ["before", "after", "inside"] {
        let lab = Lab::new(&world, plain(step)).around(|_, context, next| {
            Box::pin(async move {
                assert!(context.description() != Some("before"), "boom");
                let result = next.run().await;
                assert!(context.description() != Some("after"), "boom");
                result
            })
        });
        assert_panicked(&place, lab).await?;
    }
    Ok(())
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("boom");
        }
    }
}

pub(super) async fn r16_a_destructor_may_panic_while_an_attempt_is_dropped<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| async {
        let _bomb = Bomb;
        std::future::pending().await
    });
    let running = place.start_with(Lab::new(&world, asynchronous("a")), 1).await?;
    world.until("begin a").await;
    running.handle.cancel("enough").await?;
    let ended = within(running.end()).await?;
    assert!(matches!(ended.outcome, Outcome::Cancelled { .. }));
    Ok(())
}

/// An error that cannot even be shown.
#[derive(Debug)]
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("boom")
    }
}

impl std::error::Error for Unspeakable {}

pub(super) async fn r16_an_error_that_panics_when_it_is_shown_fails_its_process_and_nothing_else<
    O: Opener,
>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new(BoxError::from(Unspeakable))));
    world.asynchronous("a", |_| async {
        tokio::task::yield_now().await;
        Err(TaskError::new(BoxError::from(Unspeakable)))
    });
    for tree in [plain("a"), asynchronous("a")] {
        let running = place.start_with(Lab::new(&world, tree), 1).await?;
        let other = place.enqueue(&Lab::new(&world, plain("b"))).await?;
        assert!(matches!(within(running.handle.outcome()).await?, Outcome::Failed(_)));
        assert!(matches!(within(other.outcome()).await?, Outcome::Completed));
        within(running.worker.shutdown()).await;
    }
    Ok(())
}
