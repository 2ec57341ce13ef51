//! The store on PostgreSQL: the contract, and what is its own. One server for all, each case in a schema of its own.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

use std::sync::LazyLock;

use tasktronaut::backend::BackendError;
use tasktronaut::backend::PostgresStore;
use tasktronaut_tests::server::Postgres;

#[path = "store_postgres/clock.rs"]
mod clock;
#[path = "store_postgres/lost.rs"]
mod lost;
#[path = "store_postgres/own.rs"]
mod own;
#[path = "store_postgres/races.rs"]
mod races;
#[path = "store_postgres/said.rs"]
mod said;
#[path = "store_postgres/silent.rs"]
mod silent;
#[path = "store_postgres/transaction.rs"]
mod transaction;

static SERVER: LazyLock<Postgres> = LazyLock::new(|| {
    let server = Postgres::start();
    server.unwrap_or_else(|| panic!("PostgreSQL is not installed"))
});

/// Opens a schema of the server.
async fn open(place: String) -> Result<PostgresStore, BackendError> {
    PostgresStore::open(&format!("{}?schema={place}", SERVER.url())).await
}

tasktronaut::store_contract!(
    #[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
    open
);
