//! Stores in which somebody has spoilt five hundred processes: nothing panics, their neighbours do not notice, and who
//! looks at them is told.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "hostile_rows/dice.rs"]
mod dice;
#[path = "hostile_rows/parcel.rs"]
mod parcel;
#[path = "hostile_rows/postgres.rs"]
mod postgres;
#[path = "hostile_rows/redis.rs"]
mod redis;
#[path = "hostile_rows/sqlite.rs"]
mod sqlite;
#[path = "hostile_rows/story.rs"]
mod story;
