//! The rules of `semantics.md`, each checked on the in-process backend and a real worker.
//!
//! A test is named after the rule it checks. Nothing here sleeps in order to wait for something: tests wait for the
//! event itself, and none waits longer than [`DEADLINE`](semantics::lab::DEADLINE).

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic, clippy::unwrap_used)]
// Tests say what they check in the shortest way, as async functions without an await and the like.
#![allow(clippy::pedantic)]

mod semantics {
    mod cancel;
    mod concurrency;
    mod errors;
    mod events;
    mod failure;
    mod hooks;
    mod identifiers;
    mod lab;
    mod limits;
    mod order;
    mod panics;
    mod random;
    mod retry;
    mod run;
    mod shutdown;
    mod timeout;
    mod world;
}
