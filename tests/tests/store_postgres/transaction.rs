//! Processes that are enqueued in a transaction of the caller's own, together with data of the caller's own.

use std::sync::Arc;
use std::time::Duration;

use tasktronaut::JobState;
use tasktronaut::backend::store::{Store, Wake};
use tasktronaut::backend::{BackendError, EnqueueError, Enqueued, PostgresBackend, ProcessFilter};
use tasktronaut::prelude::*;
use tasktronaut::testing::stage::lab::{Lab, par, plain, seq};
use tasktronaut::testing::stage::world::World;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::timeout;
use tokio_postgres::{Client as Connection, IsolationLevel};

use super::own::{client, place};
use super::{SERVER, open};

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Invoice;

#[process(name = "transaction::Invoice")]
impl Invoice {
    fn define_process(number: u32) {
        process! { seq { write; par { send; book; } } }
    }

    #[task]
    fn write(&self, number: u32) -> Result<(), NonRetryableProcessError> {
        if number == 0 {
            return Err(NonRetryableProcessError::new("there is no invoice 0"));
        }
        Ok(())
    }

    #[task]
    fn send(&self) {}

    #[task]
    fn book(&self) {}
}

fn invoice(number: u32) -> Result<Process, BoxError> {
    Ok(Invoice::process(InvoiceArgs { number }).identifier("invoice").build()?)
}

async fn backend(place: &str) -> Result<PostgresBackend, BackendError> {
    Ok(PostgresBackend::new(open(place.to_owned()).await?))
}

/// A backend, a connection of the caller's own, and a table of the caller's own with how many orders there are.
async fn shop() -> Result<(PostgresBackend, Connection, String), BoxError> {
    let place = place();
    let backend = backend(&place).await?;
    let client = client(&SERVER).await?;
    client.batch_execute(&format!("CREATE TABLE {place}.orders (number integer PRIMARY KEY)")).await?;
    Ok((backend, client, place))
}

async fn orders(client: &Connection, place: &str) -> Result<i64, BoxError> {
    Ok(client.query_one(&format!("SELECT count(*) FROM {place}.orders"), &[]).await?.try_get(0)?)
}

fn is_conflict<T>(answer: Result<T, EnqueueError>) -> bool {
    matches!(answer, Err(EnqueueError::IdentifierConflict { identifier }) if identifier == "invoice")
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r1_a_commit_enqueues_it_and_a_rollback_leaves_nothing() -> Result<(), BoxError> {
    let (backend, mut client, place) = shop().await?;
    let worker = Worker::new(backend.clone()).start()?;
    for commits in [false, true] {
        let transaction = client.transaction().await?;
        transaction.batch_execute(&format!("INSERT INTO {place}.orders VALUES (1)")).await?;
        let handle = invoice(1)?.enqueue_in(&transaction, &backend).await?;
        assert_eq!((handle.identifier(), handle.enqueued()), ("invoice", Enqueued::Created));
        assert!(matches!(handle.status().await, Err(BackendError::UnknownProcess { .. })), "others see it");
        if !commits {
            transaction.rollback().await?;
            assert!(matches!(handle.status().await, Err(BackendError::UnknownProcess { .. })));
            assert_eq!(orders(&client, &place).await?, 0);
            continue;
        }
        transaction.commit().await?;
        timeout(PATIENCE, handle.wait()).await??;
        assert_eq!(orders(&client, &place).await?, 1);
        let jobs = handle.status().await?.jobs;
        assert!(jobs.iter().all(|job| job.state == JobState::Succeeded), "{jobs:?}");
    }
    worker.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r2_the_identifier_counts_within_a_transaction_and_across() -> Result<(), BoxError> {
    let (backend, mut client, place) = shop().await?;
    for expected in [Enqueued::Created, Enqueued::Existing] {
        let transaction = client.transaction().await?;
        let first = invoice(1)?.enqueue_in(&transaction, &backend).await?;
        assert_eq!(first.enqueued(), expected);
        assert_eq!(invoice(1)?.enqueue_in(&transaction, &backend).await?.enqueued(), Enqueued::Existing);
        assert!(is_conflict(invoice(2)?.enqueue_in(&transaction, &backend).await));
        // A conflict leaves the transaction as it was.
        let order = format!("INSERT INTO {place}.orders SELECT count(*) FROM {place}.orders");
        transaction.execute(&order, &[]).await?;
        transaction.commit().await?;
    }
    assert_eq!(orders(&client, &place).await?, 2);
    assert_eq!(invoice(1)?.enqueue(&backend).await?.enqueued(), Enqueued::Existing);
    assert!(is_conflict(invoice(2)?.enqueue(&backend).await));
    Ok(())
}

/// Two transactions with the same identifier: the later one waits for what becomes of the first.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r2_the_first_transaction_decides() -> Result<(), BoxError> {
    for commits in [false, true] {
        let (backend, mut first, _) = shop().await?;
        let mut second = client(&SERVER).await?;
        let (first, second) = (first.transaction().await?, second.transaction().await?);
        invoice(1)?.enqueue_in(&first, &backend).await?;
        let process = invoice(2)?;
        let (answer, ()) = tokio::join!(process.enqueue_in(&second, &backend), async {
            match commits {
                true => first.commit().await.unwrap(),
                false => first.rollback().await.unwrap(),
            }
        });
        match commits {
            true => assert!(is_conflict(answer)),
            false => assert_eq!(answer?.enqueued(), Enqueued::Created),
        }
    }
    Ok(())
}

/// Where the transaction sees the database as it was when it began, what came later cannot be compared: the server ends
/// the transaction, as it does with any other one, and it is to be begun anew.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r2_what_a_snapshot_does_not_show_is_not_taken_for_new() -> Result<(), BoxError> {
    let (backend, mut client, place) = shop().await?;
    let isolated = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let transaction = isolated.start().await?;
    transaction.batch_execute(&format!("SELECT FROM {place}.orders")).await?;
    invoice(1)?.enqueue(&backend).await?;
    let error = invoice(1)?.enqueue_in(&transaction, &backend).await.err().ok_or("it was enqueued")?;
    assert!(error.to_string().contains("could not serialize access"), "{error}");
    Ok(())
}

async fn heard(store: &impl Store) -> Result<UnboundedReceiver<Wake>, BackendError> {
    let (tell, heard) = mpsc::unbounded_channel();
    store.subscribe(Arc::new(move |wake| _ = tell.send(wake))).await?;
    Ok(heard)
}

/// Workers that sleep are woken, by the commit and by nothing before it.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r22_a_commit_wakes_workers_of_all_programs() -> Result<(), BoxError> {
    let (backend, mut client, place) = shop().await?;
    let mut here = heard(backend.store()).await?;
    let other = open(place).await?;
    let mut there = heard(&other).await?;
    let rolled_back = client.transaction().await?;
    invoice(1)?.enqueue_in(&rolled_back, &backend).await?;
    rolled_back.rollback().await?;
    let transaction = client.transaction().await?;
    invoice(1)?.enqueue_in(&transaction, &backend).await?;
    // What is announced after that is heard before the commit.
    for key in [7, 8] {
        backend.store().announce(&[Wake::Ended(key)]);
        for heard in [&mut here, &mut there] {
            assert_eq!(timeout(PATIENCE, heard.recv()).await?, Some(Wake::Ended(key)));
        }
    }
    transaction.commit().await?;
    for heard in [&mut here, &mut there] {
        assert_eq!(timeout(PATIENCE, heard.recv()).await?, Some(Wake::Ready));
    }
    Ok(())
}

/// Nothing of it is stored, and the transaction goes on.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r21_what_is_too_large_is_refused() -> Result<(), BoxError> {
    let (backend, mut client, _) = shop().await?;
    let world = World::new();
    let build = |identifier: &str, tree| Lab::new(&world, tree).builder().identifier(identifier).build();
    let many = build("many", par((0..100_001).map(|_| plain("a"))))?;
    let text = "x".repeat(240 * 1024);
    let large = build("large", seq((0..71).map(|step| plain(&format!("{step}{text}")))))?;
    let transaction = client.transaction().await?;
    let answer = many.enqueue_in(&transaction, &backend).await;
    assert!(matches!(answer, Err(EnqueueError::TooManyJobs { jobs: 100_001, .. })), "{answer:?}");
    let answer = large.enqueue_in(&transaction, &backend).await;
    assert!(matches!(answer, Err(EnqueueError::PlanTooLarge { .. })), "{answer:?}");
    invoice(1)?.enqueue_in(&transaction, &backend).await?;
    transaction.commit().await?;
    let page = Client::new(&backend).list(&ProcessFilter::new()).await?;
    assert_eq!(page.processes.iter().map(|process| &*process.identifier).collect::<Vec<_>>(), ["invoice"]);
    Ok(())
}
