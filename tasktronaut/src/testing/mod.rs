//! Floor 5, suites for those who write a backend: what every implementation must do, as tests.
//!
//! [`store`] holds the contract of [`Store`](crate::backend::store::Store), case by case;
//! [`store_contract!`](crate::store_contract) makes one test of each.

pub mod store;
