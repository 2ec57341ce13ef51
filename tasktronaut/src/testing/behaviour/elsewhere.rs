//! R15, R18: what one program learns of what another one does, or sees to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::backend::Backend;
use crate::engine::Handle;
use crate::plan::Outcome;
use crate::testing::Opener;
use crate::testing::stage::lab::{DEADLINE, Lab, plain};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Hand, Place, until};
use crate::words::error::TaskErrorKind;
use crate::words::policy::Policy;

/// A process of one task that is overdue soon.
fn soon_overdue() -> Lab {
    Lab::new(&World::new(), plain("a")).policy(Policy::new().timeout(Duration::from_millis(60)))
}

/// Gives signs of life until the process has failed because of its timeout.
async fn until_overdue<B: Backend>(judge: &Hand<B>, handle: &Handle<B>) -> CaseResult {
    until("its time is over", async || {
        judge.beat().await?;
        let Some(outcome) = handle.status().await?.outcome else { return Ok(None) };
        let Outcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
        assert_eq!(failure.error().kind(), TaskErrorKind::Timeout);
        Ok(Some(()))
    })
    .await
}

/// Whoever sees first that the time of a process is over says so, though it has neither enqueued nor claimed anything
/// of it, nor knows its definition.
pub(super) async fn r15_a_process_that_is_overdue_is_seen_by_any_program<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let handle = place.enqueue(&soon_overdue()).await?;
    let stranger = Lab::new(&World::new(), plain("a")).named("other");
    let judge = Hand::join(place.other().await?, &stranger).await?;
    until_overdue(&judge, &handle).await
}

/// What runs of a process that is overdue is dropped, whichever program sees that: who runs it is told to stop, and
/// finds out why.
pub(super) async fn r15_what_another_program_runs_is_dropped_when_its_time_is_over<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let lab = soon_overdue();
    let runs = Hand::join(place.other().await?, &lab).await?;
    let judge = Hand::join(place.backend.clone(), &lab).await?;
    let handle = place.enqueue(&lab).await?;
    runs.succeed().await?;
    let held = runs.claim().await?;
    until_overdue(&judge, &handle).await?;
    until("it is dropped", async || {
        runs.beat().await?;
        Ok(held.is_dropped().then_some(()))
    })
    .await
}

/// The jobs of a worker that leaves are given back, what runs of them is dropped, and others hear that there is work.
pub(super) async fn r18_who_sleeps_is_woken_by_a_worker_that_leaves<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let lab = Lab::new(&World::new(), plain("a"));
    place.enqueue(&lab).await?;
    let leaves = Hand::join(place.backend.clone(), &lab).await?;
    let held = leaves.claim().await?;
    let sleeper = Hand::join(place.other().await?, &lab).await?;
    let has_it = Arc::new(AtomicBool::new(false));
    // It looks for work only when it is woken: also by what was enqueued, of which it may hear late.
    let (runtime, got) = (tokio::runtime::Handle::current(), Arc::clone(&has_it));
    let sleeping = tokio::task::spawn_blocking(move || {
        while !got.load(Ordering::SeqCst) {
            sleeper.sleep(2 * DEADLINE);
            let claimed = runtime.block_on(sleeper.try_claim());
            got.store(!matches!(claimed, Ok(None)), Ordering::SeqCst);
        }
    });
    assert_eq!((leaves.leave().await?, held.is_dropped()), (1, true));
    // Each announcement is a hint that may be lost, but not all of them.
    until("it is woken", async || {
        let next = Hand::join(place.backend.clone(), &lab).await?;
        next.try_claim().await?;
        next.leave().await?;
        Ok(has_it.load(Ordering::SeqCst).then_some(()))
    })
    .await?;
    Ok(sleeping.await?)
}
