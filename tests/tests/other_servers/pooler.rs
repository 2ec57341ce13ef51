//! PostgreSQL behind PgBouncer in transaction mode: each transaction on whichever connection is free.

use std::sync::LazyLock;

use tasktronaut::backend::{BackendError, PostgresBackend, PostgresOptions, PostgresStore};
use tasktronaut::prelude::*;
use tasktronaut_tests::server::{PgBouncer, Postgres};
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// The pooler is dropped before the server.
static SERVERS: LazyLock<(PgBouncer, Postgres)> = LazyLock::new(|| {
    let server = Postgres::start().unwrap_or_else(|| panic!("PostgreSQL is not installed"));
    let pooler = PgBouncer::start(&server).unwrap_or_else(|| panic!("PgBouncer is not installed"));
    (pooler, server)
});

/// Everything goes through the pooler but what listens.
async fn open(place: String) -> Result<PostgresStore, BackendError> {
    let (pooler, server) = &*SERVERS;
    let direct = server.url().parse().map_err(|_| BackendError::Closed)?;
    let options = PostgresOptions::from_url(&pooler.url())?.schema(&place)?.listen_on(direct);
    PostgresStore::open_with(options, NoTls).await
}

mod contract {
    use super::open;

    tasktronaut::store_contract!(
        #[cfg_attr(any(no_postgres, no_pgbouncer), ignore = "PgBouncer is not installed")]
        open
    );
}

#[derive(Default)]
struct Relay;

#[process]
impl Relay {
    fn define_process() {
        process! { seq { run; par { run; run; } run; } }
    }

    #[task]
    fn run(&self) {}
}

/// A statement that is prepared through a pooler may be somebody else's the next time; whether the pooler refuses the
/// question that finds it out, or passes over it.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(any(no_postgres, no_pgbouncer), ignore = "PgBouncer is not installed")]
async fn nothing_is_prepared_behind_a_pooler() -> Result<(), BoxError> {
    for lines in ["", "ignore_startup_parameters = options"] {
        let server = Postgres::start().ok_or("PostgreSQL is not installed")?;
        let pooler = PgBouncer::start_with(&server, lines).ok_or("PgBouncer is not installed")?;
        let backend = PostgresBackend::open(&pooler.url()).await?;
        let worker = Worker::new(backend.clone()).start()?;
        Relay::process().build()?.enqueue(&backend).await?.wait().await?;
        worker.shutdown().await;
        // All sessions that there are, one after the other, each held while the next is looked at.
        let mut held = Vec::new();
        for _ in 0..5 {
            let (client, connection) = tokio_postgres::connect(&pooler.url(), NoTls).await?;
            tokio::spawn(connection);
            let prepared = client.simple_query("BEGIN; SELECT count(*) FROM pg_prepared_statements").await?;
            let count = prepared.iter().find_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            assert_eq!(count, Some("0"), "{lines}");
            held.push(client);
        }
    }
    Ok(())
}

/// Whoever asks for notifications through a pooler gets none, and everything is found by polling (`R22`).
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(any(no_postgres, no_pgbouncer), ignore = "PgBouncer is not installed")]
async fn a_process_comes_to_its_end_without_notifications() -> Result<(), BoxError> {
    for listen in ["false", "true"] {
        let url = format!("{}?schema=polls_{listen}&listen={listen}", SERVERS.0.url());
        let (one, other) = (PostgresBackend::open(&url).await?, PostgresBackend::open(&url).await?);
        let worker = Worker::new(one).start()?;
        let handle = Relay::process().build()?.enqueue(&other).await?;
        tokio::time::timeout(std::time::Duration::from_secs(20), handle.wait()).await??;
        worker.shutdown().await;
    }
    Ok(())
}
