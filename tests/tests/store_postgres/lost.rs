//! Connections that are lost with the runtime that they were made in: whoever asks next does not hear of it.

use std::time::Duration;

use tasktronaut::backend::store::{Changes, Reviser, Store};
use tasktronaut::backend::{BackendError, PostgresStore};
use tasktronaut::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::open;
use super::own::{LONG, ROUTE, fan, joined, place};

const PATIENCE: Duration = Duration::from_secs(20);

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// What comes of an operation that finds a connection of a runtime that nobody runs any more, and has sent something on
/// it when that runtime ends.
fn outlives<T>(
    store: &PostgresStore,
    operation: impl Future<Output = Result<T, BackendError>>,
) -> Result<T, BoxError> {
    let last = runtime()?;
    // Each purpose has connections of its own.
    last.block_on(async {
        store.find("album").await?;
        store.exchange(joined(store).await?, vec![], 0).await?;
        store.revise(1, revision()).await
    })?;
    let both = async { tokio::join!(operation, async { last.shutdown_background() }) };
    let (answer, ()) = runtime()?.block_on(async { timeout(PATIENCE, both).await })?;
    Ok(answer?)
}

fn revision() -> Reviser<()> {
    Reviser::new(|_| Ok((Changes::default(), ())))
}

#[test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
fn an_operation_outlives_the_runtime_of_its_connection() -> Result<(), BoxError> {
    let (store, worker) = runtime()?.block_on(async {
        let store = open(place()).await?;
        store.enqueue(vec![fan("album", 2)].into()).await?;
        let worker = joined(&store).await?;
        Ok::<_, BoxError>((store, worker))
    })?;
    assert!(outlives(&store, store.find("album"))?.is_some());
    assert_eq!(outlives(&store, store.revise(1, revision()))?, Some(()));
    assert_eq!(outlives(&store, store.enqueue(vec![fan("other", 2)].into()))?.len(), 1);
    outlives(&store, store.join(worker, vec![ROUTE], LONG))?;
    assert_eq!(outlives(&store, store.exchange(worker, vec![], 1))?.claims.len(), 1);
    Ok(())
}
