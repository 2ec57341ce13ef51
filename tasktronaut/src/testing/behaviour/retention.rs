//! R20: how long what has ended is kept.

use std::time::Duration;

use crate::backend::BackendError;
use crate::backend::store::Retention;
use crate::testing::stage::lab::{Lab, plain};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Opener, Place, until, within, worker};
use crate::words::error::TaskError;

pub(super) async fn r20_what_has_ended_long_ago_is_removed<O: Opener>(place: Place<O>) -> CaseResult {
    let retention = Retention { completed: Duration::ZERO, failed: Duration::from_secs(3600) };
    let Some(backend) = place.retaining(retention).await? else {
        return Err("the opener cannot tell the backend how long to keep what has ended".into());
    };
    let world = World::new();
    world.plain("fails", |_| Err(TaskError::new("broken")));
    let lab = Lab::new(&world, plain("a"));
    let done = lab.clone().builder().identifier("done").build()?.enqueue(&backend).await?;
    let failed = Lab::new(&world, plain("fails")).build().enqueue(&backend).await?;
    let active =
        lab.clone().builder().start_after(Duration::from_secs(3600)).build()?.enqueue(&backend).await?;
    let worker = worker(&backend, &lab.registry()).lease(Duration::from_millis(300)).start()?;
    until("it is removed", async || match done.status().await {
        Err(BackendError::UnknownProcess { .. }) => Ok(Some(())),
        Ok(_) => Ok(None),
        Err(error) => Err(error.into()),
    })
    .await?;
    assert_eq!(world.count("end a"), 1);
    assert!(within(failed.wait()).await.is_err());
    assert!(failed.status().await?.ended && !active.status().await?.ended);
    within(worker.shutdown()).await;
    Ok(())
}
