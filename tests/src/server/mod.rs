//! Servers that a test starts for itself: private ones, each in a folder of its own, which end with it.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

mod pgbouncer;
mod postgres;
mod redis;

pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use redis::Redis;
