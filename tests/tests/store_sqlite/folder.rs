//! A folder for one test, gone with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use tasktronaut::backend::WorkerId;
use tasktronaut::backend::store::{ClaimRow, Key, Store, Stored};
use tasktronaut::backend::{SqliteOptions, SqliteStore};
use tasktronaut_tests::fan;

pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tasktronaut-{}", WorkerId::random()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("test.db")
    }

    pub fn options(&self) -> SqliteOptions {
        SqliteOptions::new(self.database())
    }

    pub fn store(&self) -> SqliteStore {
        SqliteStore::open_with(self.options()).unwrap()
    }

    /// The database, for those who meddle with it.
    pub fn raw(&self) -> Connection {
        Connection::open(self.database()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

pub async fn add(store: &SqliteStore, name: &str) -> Key {
    match store.enqueue(vec![fan::process(name)].into()).await.unwrap()[0] {
        Stored::Created(key) | Stored::Known(key) => key,
    }
}

pub async fn worker(store: &SqliteStore) -> WorkerId {
    let worker = WorkerId::random();
    store.join(worker, vec![fan::ROUTE], Duration::from_mins(10)).await.unwrap();
    worker
}

pub async fn claim(store: &SqliteStore, worker: WorkerId, wanted: usize) -> Vec<ClaimRow> {
    store.exchange(worker, vec![], wanted).await.unwrap().claims
}
