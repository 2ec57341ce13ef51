//! What only the in-process backend promises, or does without any delay, with a real worker. What all backends promise
//! is in `behaviour_*.rs`.
//!
//! A test is named after the rule it checks. Nothing here sleeps in order to wait for something: tests wait for the
//! event itself, and none waits longer than [`DEADLINE`](tasktronaut::testing::stage::lab::DEADLINE).

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic, clippy::unwrap_used)]
// Tests say what they check in the shortest way, as async functions without an await and the like.
#![allow(clippy::pedantic)]

mod semantics {
    mod concurrency;
    mod errors;
    mod events;
    mod failure;
    mod identifiers;
    mod lab;
    mod limits;
    mod retry;
    mod run;
    mod shutdown;
    mod timeout;
}
