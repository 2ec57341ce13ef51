//! The guide: from a first process to what happens when something fails.
//!
//! 1. [`language`]: tasks, blocks, items, options; everything that `process!` can say.
//! 2. [`running`]: running a process now, enqueuing it, watching and cancelling it.
//! 3. [`failure`]: errors, retries, timeouts, panics, cancellation, and what each does to the rest of a process.
//! 4. [`hooks`]: being told of a process's life, and going round each attempt.
//! 5. [`builder`]: graphs that need real Rust or come from data, and definitions written by hand.
//! 6. [`stores`]: processes that survive, on one machine or for workers on many; deploys, operating.
//! 7. [`promises`]: what every backend promises, rule by rule.
//! 8. [`faults`]: what happens when.
//! 9. [`from_python`]: for those who come from the Python library of the same name.

#[doc = include_str!("language.md")]
pub mod language {}

#[doc = include_str!("running.md")]
pub mod running {}

#[doc = include_str!("failure.md")]
pub mod failure {}

#[doc = include_str!("hooks.md")]
pub mod hooks {}

#[doc = include_str!("builder.md")]
pub mod builder {}

#[doc = include_str!("stores.md")]
pub mod stores {}

#[doc = include_str!("faults.md")]
pub mod faults {}

#[doc = include_str!("promises.md")]
pub mod promises {}

#[doc = include_str!("from_python.md")]
pub mod from_python {}
