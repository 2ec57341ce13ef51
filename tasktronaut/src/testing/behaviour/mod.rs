//! The rules of every [`Backend`], as cases that every implementation must pass, with real workers.
//!
//! A case is a behaviour with the number of its rule. It waits for what happens, and none waits without end.
//! [`backend_contract!`](crate::backend_contract) makes one test of each; [`NAMES`] and [`check`] are there for test
//! harnesses of another kind.
//!
//! ```
//! use tasktronaut::{BackendError, LocalBackend};
//!
//! async fn open(_place: String) -> Result<LocalBackend, BackendError> {
//!     Ok(LocalBackend::new())
//! }
//!
//! tasktronaut::backend_contract!(open, without shared);
//! # fn main() {}
//! ```
//!
//! Cases in which several programs work together need a backend that is
//! [`shared`](crate::backend::Capability::shared). For one that is not, say so, and they show as ignored:
//! `tasktronaut::backend_contract!(open, without shared)`.

// A case panics: that is how it fails. It says what it checks in the shortest way.
#![allow(clippy::panic, clippy::unwrap_used, clippy::pedantic)]

mod admin;
mod cancel;
mod cases;
mod client;
mod concurrency;
mod deploys;
mod elsewhere;
mod errors;
mod events;
mod failure;
mod hooks;
mod identifiers;
mod leases;
mod limits;
mod order;
mod panics;
mod resume;
mod retention;
mod retry;
mod routes;
mod schedule;
mod shutdown;
mod timeout;

use super::stage::{CaseResult, Opener, Place, chosen, on_a_place};
use crate::backend::Backend;
use crate::words::error::BoxError;

macro_rules! the_cases {
    ($($topic:ident $need:ident { $($case:ident)* })*) => {
        /// The names of all cases: `topic::behaviour`.
        pub const NAMES: &[&str] = &[$($(concat!(stringify!($topic), "::", stringify!($case)),)*)*];

        async fn run<O: Opener>(name: &str, place: Place<O>) -> CaseResult {
            match name {
                $($(concat!(stringify!($topic), "::", stringify!($case)) => {
                    needs(stringify!($need), &place)?;
                    chosen(|| $topic::$case(place)).await
                })*)*
                _ => Err(format!("there is no case `{name}`").into()),
            }
        }
    };
}

crate::__backend_cases! { {the_cases} }

fn needs<O: Opener>(need: &str, place: &Place<O>) -> CaseResult {
    if need == "shared" && !place.is_shared() {
        return Err("the case needs a shared backend: `backend_contract!(open, without shared)`".into());
    }
    Ok(())
}

/// Runs one of the [`NAMES`] on a runtime of its own.
pub fn check<O: Opener>(name: &str, open: &O) -> Result<(), BoxError> {
    let case = async |place| run(name, place).await;
    on_a_place(name, open, case)
}

/// Makes sure that the backend is shared or not, as it was said.
#[doc(hidden)]
pub fn check_sharing<O: Opener>(is_shared: bool, open: &O) -> Result<(), BoxError> {
    on_a_place("capability", open, async |place: Place<O>| {
        assert_eq!(place.backend.capability().shared, is_shared, "cases are left out that could be run");
        Ok(())
    })
}

/// Makes one test of each case of the contract of a backend: see [`testing::behaviour`](crate::testing::behaviour).
///
/// It takes an [`Opener`](crate::testing::Opener): the name of a function or of a unit struct. Attributes in front of
/// it are put on each test, as in `backend_contract!(#[ignore = "needs a server"] open)`.
#[macro_export]
macro_rules! backend_contract {
    ($(#[$attribute:meta])* $open:ident) => {
        $crate::__backend_cases! { {$crate::__backend_tests} {$open true [$(#[$attribute])*] []} }
    };
    ($(#[$attribute:meta])* $open:ident, without shared) => {
        $crate::__backend_cases! {
            {$crate::__backend_tests}
            {$open false [$(#[$attribute])*] [#[ignore = "needs a backend that several programs share"]]}
        }
    };
}

/// The tests of the cases.
#[doc(hidden)]
#[macro_export]
macro_rules! __backend_tests {
    (
        {$open:ident $shared:literal [$(#[$attribute:meta])*] $unshared:tt}
        $($topic:ident $need:ident { $($case:ident)* })*
    ) => {
        mod capability {
            #[test]
            $(#[$attribute])*
            fn no_case_is_left_out_that_can_be_run() -> ::core::result::Result<(), $crate::BoxError> {
                $crate::testing::behaviour::check_sharing($shared, &super::$open)
            }
        }
        $crate::__backend_topics! {
            {$open [$(#[$attribute])*] $unshared} $($topic $need { $($case)* })*
        }
    };
}

/// The tests by their topics.
#[doc(hidden)]
#[macro_export]
macro_rules! __backend_topics {
    ({$open:ident $attributes:tt $unshared:tt} $($topic:ident $need:ident { $($case:ident)* })*) => {
        $(mod $topic {
            $($crate::__backend_test! { $need $topic $case $open $attributes $unshared })*
        })*
    };
}

/// One test.
#[doc(hidden)]
#[macro_export]
macro_rules! __backend_test {
    (any $topic:ident $case:ident $open:ident $attributes:tt $unshared:tt) => {
        $crate::__backend_test! { $topic $case $open $attributes [] }
    };
    (shared $topic:ident $case:ident $open:ident $attributes:tt $unshared:tt) => {
        $crate::__backend_test! { $topic $case $open $attributes $unshared }
    };
    ($topic:ident $case:ident $open:ident [$(#[$attribute:meta])*] [$(#[$more:meta])*]) => {
        #[test]
        $(#[$attribute])*
        $(#[$more])*
        fn $case() -> ::core::result::Result<(), $crate::BoxError> {
            let name = concat!(stringify!($topic), "::", stringify!($case));
            $crate::testing::behaviour::check(name, &super::$open)
        }
    };
}
