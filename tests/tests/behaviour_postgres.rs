//! The rules of every backend, on a private PostgreSQL server: a schema for each case.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

use std::sync::LazyLock;

use tasktronaut::backend::store::Retention;
use tasktronaut::backend::{BackendError, PostgresBackend, PostgresStore};
use tasktronaut::testing::Opener;
use tasktronaut_tests::server::Postgres;

/// One server for all cases.
static SERVER: LazyLock<Postgres> = LazyLock::new(|| {
    let server = Postgres::start();
    server.unwrap_or_else(|| panic!("PostgreSQL is not installed"))
});

async fn store(place: &str) -> Result<PostgresStore, BackendError> {
    PostgresStore::open(&format!("{}?schema={place}", SERVER.url())).await
}

#[derive(Clone)]
struct Open;

impl Opener for Open {
    type Backend = PostgresBackend;

    async fn open(&self, place: &str) -> Result<Self::Backend, BackendError> {
        Ok(PostgresBackend::new(store(place).await?))
    }

    async fn open_retaining(
        &self,
        place: &str,
        retention: Retention,
    ) -> Option<Result<Self::Backend, BackendError>> {
        Some(store(place).await.map(|store| PostgresBackend::with_retention(store, retention)))
    }
}

tasktronaut::backend_contract!(
    #[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
    Open
);

mod scenario {
    use super::Open;

    tasktronaut::backend_scenarios!(
        #[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
        Open
    );
}
