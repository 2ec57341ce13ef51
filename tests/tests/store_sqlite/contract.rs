//! The contract that all stores keep.

use std::path::PathBuf;

use tasktronaut::BackendError;
use tasktronaut::backend::{SqliteOptions, SqliteStore};
use tasktronaut::testing::store::Opener;

/// Databases in a folder of their own for each case.
#[derive(Clone)]
struct Folders;

fn folder(place: &str) -> PathBuf {
    std::env::temp_dir().join(format!("tasktronaut-{place}"))
}

impl Opener for Folders {
    type Store = SqliteStore;

    async fn open(&self, place: &str) -> Result<SqliteStore, BackendError> {
        std::fs::create_dir_all(folder(place)).unwrap();
        SqliteStore::open_with(SqliteOptions::new(folder(place).join("contract.db")))
    }

    async fn close(&self, place: &str) {
        std::fs::remove_dir_all(folder(place)).unwrap();
    }
}

tasktronaut::store_contract!(Folders);
