//! Races of which one side is held open: what somebody else does in the middle of a step must not slip through.

use std::time::Duration;

use tasktronaut::BoxError;
use tasktronaut::backend::store::{Fence, Store};
use tasktronaut::backend::{PostgresStore, WorkerId};
use tasktronaut::plan::JobState;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use super::own::{LONG, ROUTE, client, fan, joined, place};
use super::{SERVER, open};

/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A lease that is over at once.
const SHORT: Duration = Duration::from_millis(1);

/// A worker whose lease on a job has run out; its next renewal lasts long.
async fn overdue(store: &PostgresStore) -> Result<(WorkerId, Fence), BoxError> {
    let worker = WorkerId::random();
    store.join(worker, vec![ROUTE], SHORT).await?;
    store.enqueue(vec![fan("album", 2)].into()).await?;
    let fence = store.exchange(worker, vec![], 1).await?.claims[0].fence;
    store.join(worker, vec![ROUTE], LONG).await?;
    Ok((worker, fence))
}

/// Whether a worker still has its job, as it is told with a sign of life.
async fn holds(store: &PostgresStore, worker: WorkerId, fence: Fence) -> Result<bool, BoxError> {
    Ok(store.beat(worker, false, 3).await?.held.contains(&fence))
}

/// Waits until a session waits for a lock in this schema, or what it does is over.
async fn until_held_up<T>(client: &Client, place: &str, step: &JoinHandle<T>) -> Result<(), BoxError> {
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND strpos(query, $1) > 0";
    let wait = async {
        while !step.is_finished() && client.query_one(waiting, &[&place]).await?.try_get::<_, i64>(0)? == 0 {
            tokio::task::yield_now().await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, wait).await?
}

/// Recovery finds an expired lease and is held up; then the worker renews, and keeps its job.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r8_recovery_looks_again_as_it_writes() -> Result<(), BoxError> {
    const TRAP: i32 = 815_001;
    let place = place();
    let store = open(place.clone()).await?;
    let (worker, fence) = overdue(&store).await?;
    // A role that meets a function of our own where recovery asks for the lock of the process.
    let observer = client(&SERVER).await?;
    let set_trap = format!(
        "CREATE SCHEMA trap_{place};
         CREATE FUNCTION trap_{place}.pg_try_advisory_xact_lock_shared(integer, integer) RETURNS boolean
         LANGUAGE plpgsql AS $$ BEGIN
             PERFORM pg_catalog.pg_advisory_xact_lock_shared({TRAP}, 0);
             RETURN pg_catalog.pg_try_advisory_xact_lock_shared($1, $2);
         END $$;
         CREATE ROLE role_{place} SUPERUSER LOGIN;
         ALTER ROLE role_{place} SET search_path = trap_{place}, pg_catalog;
         SELECT pg_advisory_lock({TRAP}, 0);"
    );
    observer.batch_execute(&set_trap).await?;
    let url = SERVER.url().replace("postgres@", &format!("role_{place}@"));
    let other = PostgresStore::open(&format!("{url}?schema={place}")).await?;
    let recovery = tokio::spawn(async move { other.beat(WorkerId::random(), false, 3).await });
    until_held_up(&observer, &place, &recovery).await?;
    store.beat(worker, true, 3).await?;
    observer.batch_execute(&format!("SELECT pg_advisory_unlock({TRAP}, 0)")).await?;
    assert_eq!(tokio::time::timeout(PATIENCE, recovery).await???.reaped, 0, "it has renewed");
    assert!(holds(&store, worker, fence).await?);
    Ok(())
}

/// While a worker renews, and nobody sees yet that it has, recovery leaves its jobs alone.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r8_recovery_takes_nothing_from_a_worker_that_renews_just_now() -> Result<(), BoxError> {
    let place = place();
    let store = open(place.clone()).await?;
    let (worker, fence) = overdue(&store).await?;
    let mut other = client(&SERVER).await?;
    let renewal = other.transaction().await?;
    renewal.batch_execute(&format!("SELECT {place}.beat('{worker}', true, 3)")).await?;
    let beat = store.beat(WorkerId::random(), false, 3);
    assert_eq!(tokio::time::timeout(PATIENCE, beat).await??.reaped, 0, "it renews");
    renewal.commit().await?;
    assert!(holds(&store, worker, fence).await?);
    Ok(())
}

/// A claim that is under way when its worker leaves is given back with the others.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r18_nothing_is_left_to_a_worker_that_leaves_in_the_middle_of_a_claim() -> Result<(), BoxError> {
    let place = place();
    let store = open(place.clone()).await?;
    store.enqueue(vec![fan("album", 2)].into()).await?;
    let worker = joined(&store).await?;
    let mut other = client(&SERVER).await?;
    let claim = other.transaction().await?;
    let nothing =
        "'{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'";
    let claimed = claim
        .query_one(
            &format!("SELECT cardinality(c_process) FROM {place}.exchange('{worker}', 1, {nothing})"),
            &[],
        )
        .await?;
    assert_eq!(claimed.try_get::<_, i32>(0)?, 1);
    let leaving = tokio::spawn({
        let store = store.clone();
        async move { store.give_back(worker, None).await }
    });
    until_held_up(&client(&SERVER).await?, &place, &leaving).await?;
    claim.commit().await?;
    tokio::time::timeout(PATIENCE, leaving).await???;
    let jobs = store.jobs(1).await?;
    assert_eq!(jobs.iter().map(|job| job.state).collect::<Vec<_>>(), [JobState::Ready], "it was given back");
    Ok(())
}
