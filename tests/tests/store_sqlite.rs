//! The SQLite store: the contract that all stores keep, and what is peculiar to a file.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic, clippy::unwrap_used)]

mod contract {
    use std::path::PathBuf;

    use tasktronaut::BackendError;
    use tasktronaut::backend::{SqliteOptions, SqliteStore};
    use tasktronaut::testing::store::Opener;

    /// Databases in a folder of their own for each case.
    #[derive(Clone)]
    struct Folder;

    fn folder(place: &str) -> PathBuf {
        std::env::temp_dir().join(format!("tasktronaut-{place}"))
    }

    impl Opener for Folder {
        type Store = SqliteStore;

        async fn open(&self, place: &str) -> Result<SqliteStore, BackendError> {
            std::fs::create_dir_all(folder(place)).unwrap();
            SqliteStore::open_with(SqliteOptions::new(folder(place).join("contract.db")))
        }

        async fn close(&self, place: &str) {
            std::fs::remove_dir_all(folder(place)).unwrap();
        }
    }

    tasktronaut::store_contract!(Folder);
}
