//! The contract of a store on other servers than those that are installed as a rule: the oldest Redis, Valkey, and
//! PostgreSQL behind a pooler.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

#[path = "other_servers/pooler.rs"]
mod pooler;
#[path = "other_servers/redis_like.rs"]
mod redis_like;
