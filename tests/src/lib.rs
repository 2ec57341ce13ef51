//! Fixtures that the tests share.

pub mod fan;
pub mod ledger;
pub mod program;
pub mod release;
pub mod server;
