//! R2: the identifier is the idempotency key.

use crate::backend::{EnqueueError, Enqueued};
use crate::definition::process::Process;
use crate::plan::Outcome;
use crate::testing::Opener;
use crate::testing::stage::lab::{DEADLINE, Lab, Tree, plain, seq};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Place, within};
use crate::words::policy::Policy;

fn process(world: &World, identifier: &str, tree: Tree) -> Process {
    Lab::new(world, tree).builder().identifier(identifier).build().unwrap()
}

pub(super) async fn r2_the_same_identifier_with_the_same_content_is_the_same_process<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let first = process(&world, "album-17", plain("a")).enqueue(&place.backend).await?;
    assert_eq!(first.enqueued(), Enqueued::Created);
    let again = process(&world, "album-17", plain("a")).enqueue(&place.backend).await?;
    assert_eq!(again.enqueued(), Enqueued::Existing);

    let worker = place.worker_in(&world).start()?;
    within(first.wait()).await?;
    // After its end it is remembered, too.
    let late = process(&world, "album-17", plain("a")).enqueue(&place.backend).await?;
    assert_eq!(late.enqueued(), Enqueued::Existing);
    within(late.wait()).await?;
    within(again.wait()).await?;
    assert_eq!(world.count("begin a"), 1);
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn r2_other_content_is_a_conflict_and_changes_nothing<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let first = process(&world, "album-17", plain("a")).enqueue(&place.backend).await?;
    let others = [
        process(&world, "album-17", plain("b")),
        process(&world, "album-17", seq([plain("a")])),
        process(&world, "album-17", seq([plain("a"), plain("b")])),
    ];
    for other in others {
        let error = other.enqueue(&place.backend).await.unwrap_err();
        assert!(
            matches!(&error, EnqueueError::IdentifierConflict { identifier } if identifier == "album-17"),
            "{error:?}"
        );
    }
    let worker = place.worker_in(&world).start()?;
    assert!(matches!(within(first.outcome()).await?, Outcome::Completed));
    assert_eq!(world.all("begin"), ["begin a"]);
    within(worker.shutdown()).await;
    Ok(())
}

/// What is asked for is the work. How it is gone about may change with a deploy, and that of the first enqueue stays.
pub(super) async fn r2_how_the_work_is_gone_about_is_no_content<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let first = process(&world, "album-17", plain("a")).enqueue(&place.backend).await?;
    let builder = Lab::new(&world, plain("a")).builder().identifier("album-17");
    let builder = builder.policy(Policy::new().retries(1)).queue("slow").priority(3);
    let again = builder.start_after(DEADLINE).build()?.enqueue(&place.backend).await?;
    assert_eq!(again.enqueued(), Enqueued::Existing);
    assert_eq!(again.status().await?.priority, 0);
    let worker = place.worker_in(&world).start()?;
    assert!(matches!(within(first.outcome()).await?, Outcome::Completed));
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn r2_without_an_identifier_each_is_another_process<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let one = Lab::new(&world, plain("a")).build().enqueue(&place.backend).await?;
    let two = Lab::new(&world, plain("a")).build().enqueue(&place.backend).await?;
    assert_ne!(one.identifier(), two.identifier());
    let worker = place.worker_in(&world).start()?;
    within(one.wait()).await?;
    within(two.wait()).await?;
    assert_eq!(world.count("end a"), 2);
    within(worker.shutdown()).await;
    Ok(())
}
