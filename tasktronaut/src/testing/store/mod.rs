//! The contract of [`Store`](crate::backend::store::Store), as cases that every implementation must pass.
//!
//! A case is a behaviour with the number of its rule. It drives time only through the durations that it passes, and
//! expects no order but those that the contract promises. [`store_contract!`](crate::store_contract) makes one test
//! of each; [`NAMES`] and [`check`] are there for test harnesses of another kind.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! mod contract {
//!     use tasktronaut::BackendError;
//!     use tasktronaut::backend::SqliteStore;
//!
//!     async fn open(place: String) -> Result<SqliteStore, BackendError> {
//!         SqliteStore::open(&format!("sqlite:{place}.db"))
//!     }
//!
//!     tasktronaut::store_contract!(open);
//! }
//! # fn main() {}
//! ```

mod admin;
mod backend;
mod cases;
mod claim;
mod due;
mod end;
mod enqueue;
mod exclude;
mod hostile;
mod lab;
mod leases;
mod list;
mod meetings;
mod opener;
mod pause;
mod revise;
mod shapes;
mod step;
mod tapped;
mod wake;

use std::time::Duration;

use lab::{CaseResult, Lab};
pub use opener::Opener;

use super::stage::chosen;
use crate::words::error::BoxError;

/// A case that takes longer than this hangs.
const LONGEST: Duration = Duration::from_mins(2);

macro_rules! the_cases {
    ($($topic:ident { $($case:ident)* })*) => {
        /// The names of all cases: `topic::behaviour`.
        pub const NAMES: &[&str] = &[$($(concat!(stringify!($topic), "::", stringify!($case)),)*)*];

        async fn run<O: Opener>(name: &str, lab: Lab<O>) -> CaseResult {
            match name {
                $($(concat!(stringify!($topic), "::", stringify!($case)) => {
                    chosen(|| $topic::$case(lab)).await
                })*)*
                _ => Err(format!("there is no case `{name}`").into()),
            }
        }
    };
}

crate::__store_cases! { {the_cases} }

/// Runs one of the [`NAMES`] on a runtime of its own.
pub fn check<O: Opener>(name: &str, open: &O) -> Result<(), BoxError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let place = lab::random_place();
        let lab = Lab::open(open.clone(), place.clone()).await?;
        let result = tokio::time::timeout(LONGEST, run(name, lab)).await;
        open.close(&place).await;
        result.map_err(|_| format!("`{name}` did not end within {LONGEST:?}"))?
    })
}

/// Makes one test of each case of the contract of a store: see [`testing::store`](crate::testing::store).
///
/// It takes an [`Opener`](crate::testing::store::Opener): the name of a function or of a unit struct. Attributes in
/// front of it are put on each test, as in `store_contract!(#[ignore = "needs a server"] open)`.
#[macro_export]
macro_rules! store_contract {
    ($(#[$attribute:meta])* $open:ident) => {
        $crate::__store_cases! { {$crate::__store_tests} {$open [$(#[$attribute])*]} }
    };
}

/// The tests of the cases.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_tests {
    ({$open:ident $attributes:tt} $($topic:ident { $($case:ident)* })*) => {
        $(mod $topic {
            $($crate::__store_test! { $topic $case $open $attributes })*
        })*
    };
}

/// One test.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_test {
    ($topic:ident $case:ident $open:ident [$(#[$attribute:meta])*]) => {
        #[test]
        $(#[$attribute])*
        fn $case() -> ::core::result::Result<(), $crate::BoxError> {
            let name = concat!(stringify!($topic), "::", stringify!($case));
            $crate::testing::store::check(name, &super::$open)
        }
    };
}
