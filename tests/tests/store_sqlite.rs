//! The SQLite store: the contract that all stores keep, and what is peculiar to a file.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic, clippy::unwrap_used)]

#[path = "store_sqlite/contract.rs"]
mod contract;
#[path = "store_sqlite/corrupt.rs"]
mod corrupt;
#[path = "store_sqlite/files.rs"]
mod files;
#[path = "store_sqlite/folder.rs"]
mod folder;
#[path = "store_sqlite/programs.rs"]
mod programs;
#[path = "store_sqlite/trouble.rs"]
mod trouble;
#[path = "store_sqlite/wakes.rs"]
mod wakes;
