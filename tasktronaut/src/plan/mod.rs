//! Floor 2, what is to be done: the flat plan that a process becomes, and the pure rules of what an error means.
//!
//! No input or output, no clock, no async. Every backend and the engine share this floor, so a retry or a failure
//! means the same everywhere.

mod graph;
mod lower;
mod outcome;
pub(crate) mod rules;
pub(crate) mod run;
#[cfg(feature = "durable")]
mod stored;

pub(crate) use graph::NO_SCOPE;
pub use graph::{Node, NodeKind, Plan, Scope};
pub use outcome::{Failure, JobState, Outcome};
