//! The rules of every backend, on SQLite: a database in a folder of its own for each case.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::unwrap_used)]

#[path = "behaviour_sqlite/locked.rs"]
mod locked;

use std::path::PathBuf;

use tasktronaut::backend::store::Retention;
use tasktronaut::backend::{BackendError, SqliteBackend, SqliteOptions, SqliteStore};
use tasktronaut::testing::Opener;

fn folder(place: &str) -> PathBuf {
    std::env::temp_dir().join(format!("tasktronaut-{place}"))
}

fn store(place: &str) -> Result<SqliteStore, BackendError> {
    std::fs::create_dir_all(folder(place)).unwrap();
    SqliteStore::open_with(SqliteOptions::new(folder(place).join("behaviour.db")))
}

#[derive(Clone)]
struct Open;

impl Opener for Open {
    type Backend = SqliteBackend;

    async fn open(&self, place: &str) -> Result<Self::Backend, BackendError> {
        Ok(SqliteBackend::new(store(place)?))
    }

    async fn open_retaining(
        &self,
        place: &str,
        retention: Retention,
    ) -> Option<Result<Self::Backend, BackendError>> {
        Some(store(place).map(|store| SqliteBackend::with_retention(store, retention)))
    }

    async fn close(&self, place: &str) {
        std::fs::remove_dir_all(folder(place)).unwrap();
    }
}

tasktronaut::backend_contract!(Open);

mod scenario {
    use super::Open;

    tasktronaut::backend_scenarios!(Open);
}
