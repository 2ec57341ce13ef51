//! R21: limits, and sizes that must work.

use crate::backend::{Backend, EnqueueError, Enqueued};
use crate::testing::stage::lab::{Lab, par, plain, seq};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Opener, Place, within};

pub(super) async fn r21_the_limit_of_jobs_is_the_one_that_is_stated<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let limit = place.backend.capability().max_jobs;
    let many = limit.unwrap_or(100_000) + 1;
    let process = Lab::new(&world, seq((0..many).map(|_| plain("a")))).build();
    match (limit, process.enqueue(&place.backend).await) {
        (None, Ok(handle)) => assert_eq!(handle.enqueued(), Enqueued::Created),
        (Some(limit), Err(EnqueueError::TooManyJobs { jobs, limit: told, .. })) => {
            assert_eq!((jobs, told), (many, limit));
        }
        (limit, answer) => panic!("{limit:?}: {answer:?}"),
    }
    Ok(())
}

/// Where plans are stored they have a limit, and one that is larger leaves nothing behind.
pub(super) async fn r21_a_stored_plan_may_have_16_mib<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let is_stored = place.backend.capability().max_jobs.is_some();
    let of = |identifier: &str, steps: u32| {
        let text = "x".repeat(240 * 1024);
        let tree = seq((0..steps).map(|step| plain(&format!("{step}{text}"))));
        Lab::new(&world, tree).builder().identifier(identifier).build()
    };
    of("fits", 66)?.enqueue(&place.backend).await?;
    match of("large", 71)?.enqueue(&place.backend).await {
        Ok(_) if !is_stored => {}
        Err(EnqueueError::PlanTooLarge { identifier, bytes, limit }) if is_stored => {
            assert!(bytes > limit && limit == 16 * 1024 * 1024 && identifier == "large", "{bytes}");
        }
        answer => panic!("{answer:?}"),
    }
    assert_eq!(place.backend.status("large").await.is_err(), is_stored);
    Ok(())
}

pub(super) async fn r21_an_identifier_may_have_200_bytes_of_any_kind<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let worker = place.worker_in(&world).start()?;
    for identifier in ["x".repeat(200), "\u{e9}".repeat(100), "it's \"so\" 100% {a:*} \\ /".to_owned()] {
        let process = Lab::new(&world, plain("a")).builder().identifier(&identifier).build()?;
        let handle = process.enqueue(&place.backend).await?;
        within(handle.wait()).await?;
        assert_eq!(handle.status().await?.identifier, identifier);
    }
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn r5_a_thousand_jobs_meet<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let tree = seq([par((0..1_000).map(|step| plain(&step.to_string()))), plain("last")]);
    let ended = place.run(Lab::new(&world, tree)).await?;
    ended.completed();
    assert_eq!((world.all("begin").len(), world.count("begin last")), (1_001, 1));
    Ok(())
}
