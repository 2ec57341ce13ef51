//! Servers that a test starts for itself, and that end with it.

mod postgres;
pub mod redis;

pub use postgres::Postgres;
pub use redis::Redis;
