//! Floor 5, suites for those who write a backend: what every implementation must do, as tests.
//!
//! - [`store`] holds the contract of [`Store`](crate::backend::store::Store), case by case;
//!   [`store_contract!`](crate::store_contract) makes one test of each.
//! - [`behaviour`] holds the rules of every [`Backend`](crate::Backend), with real workers;
//!   [`backend_contract!`](crate::backend_contract) makes one test of each.
//! - [`scenario`] holds whole stories, and random ones; [`backend_scenarios!`](crate::backend_scenarios) makes one test
//!   of each.
//!
//! For cases of one's own there is what these are made of: [`stage::lab`] and [`stage::world`], a definition that does what
//! a case wants, and [`Severed`], a backend whose link can be cut.

pub mod behaviour;
pub mod scenario;
// What is written for cases panics as they do, and says what it means in the shortest way.
#[allow(clippy::panic, clippy::unwrap_used, clippy::pedantic)]
pub mod stage;
pub mod store;

pub use stage::{Opener, Severed, Switch};
