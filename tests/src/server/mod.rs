//! Servers for tests: private ones, in a folder of their own, started and stopped by the test that needs them.

mod postgres;

pub use postgres::Postgres;
