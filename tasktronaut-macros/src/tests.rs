//! The whole way in one test each: words in, Rust and mistakes out.

mod mistakes;
mod names;
mod snapshots;
