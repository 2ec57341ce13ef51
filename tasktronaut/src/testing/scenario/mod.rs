//! Whole stories that every backend must be able to tell: several clients and workers, processes under way, people who
//! step in.
//!
//! The [behaviours](super::behaviour) check rule by rule; here the rules meet.
//! [`backend_scenarios!`](crate::backend_scenarios) makes one test of each.

// A scenario panics: that is how it fails. It says what it checks in the shortest way.
#![allow(clippy::panic, clippy::unwrap_used, clippy::pedantic)]

mod album;
mod cases;
mod crowd;
mod model;
mod operator;
mod random;
mod sizes;

use super::stage::{CaseResult, Opener, Place, chosen, on_a_place};
use crate::words::error::BoxError;

macro_rules! the_scenarios {
    ($($topic:ident { $($case:ident)* })*) => {
        /// The names of all scenarios: `topic::story`.
        pub const NAMES: &[&str] = &[$($(concat!(stringify!($topic), "::", stringify!($case)),)*)*];

        async fn run<O: Opener>(name: &str, place: Place<O>) -> CaseResult {
            match name {
                $($(concat!(stringify!($topic), "::", stringify!($case)) => {
                    chosen(|| $topic::$case(place)).await
                })*)*
                _ => Err(format!("there is no scenario `{name}`").into()),
            }
        }
    };
}

crate::__backend_scenarios! { {the_scenarios} }

/// Runs one of the [`NAMES`] on a runtime of its own.
pub fn check<O: Opener>(name: &str, open: &O) -> Result<(), BoxError> {
    on_a_place(name, open, async |place| run(name, place).await)
}

/// Makes one test of each scenario: see [`testing::scenario`](crate::testing::scenario).
///
/// It takes what [`backend_contract!`](crate::backend_contract) takes.
#[macro_export]
macro_rules! backend_scenarios {
    ($(#[$attribute:meta])* $open:ident) => {
        $crate::__backend_scenarios! { {$crate::__scenario_tests} {$open [$(#[$attribute])*]} }
    };
}

/// The tests of the scenarios.
#[doc(hidden)]
#[macro_export]
macro_rules! __scenario_tests {
    ({$open:ident $attributes:tt} $($topic:ident { $($case:ident)* })*) => {
        $(mod $topic {
            $($crate::__scenario_test! { $topic $case $open $attributes })*
        })*
    };
}

/// One test.
#[doc(hidden)]
#[macro_export]
macro_rules! __scenario_test {
    ($topic:ident $case:ident $open:ident [$(#[$attribute:meta])*]) => {
        #[test]
        $(#[$attribute])*
        fn $case() -> ::core::result::Result<(), $crate::BoxError> {
            let name = concat!(stringify!($topic), "::", stringify!($case));
            $crate::testing::scenario::check(name, &super::$open)
        }
    };
}
