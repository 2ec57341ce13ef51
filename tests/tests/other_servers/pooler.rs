//! PostgreSQL behind PgBouncer in transaction mode: each transaction on whichever connection is free.

use std::sync::LazyLock;

use tasktronaut::backend::{BackendError, PostgresBackend, PostgresOptions, PostgresStore};
use tasktronaut::prelude::*;
use tasktronaut_tests::server::{PgBouncer, Postgres};
use tokio_postgres::NoTls;

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
