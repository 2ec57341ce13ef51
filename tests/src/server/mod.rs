//! Servers for tests: private ones, in a folder of their own, started and stopped by the test that needs them.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

mod postgres;

pub use postgres::Postgres;
