//! Fixtures that the tests share.

pub mod fan;
pub mod release;
pub mod server;
