//! Every example is run; what it prints, and what it leaves on the disk, is checked.
#![cfg(unix)]
// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic, clippy::unwrap_used)]

#[path = "examples/album.rs"]
mod album;
#[path = "examples/printed.rs"]
mod printed;
#[path = "examples/program.rs"]
mod program;
