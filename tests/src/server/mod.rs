//! Servers that a test starts for itself, and that end with it.

pub mod redis;

pub use redis::Redis;
