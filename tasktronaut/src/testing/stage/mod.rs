//! What all suites of a backend stand on.
//!
//! - [`lab`] and [`world`]: a definition that does what a case wants, and what it did.
//! - [`running`]: a process under way, and how it ends.
//! - [`Severed`]: a link to a backend that can be cut.
//!
//! And within: a backend of its own for each case, and a worker that a case plays itself.

mod by_hand;
pub mod lab;
mod place;
pub mod running;
pub(crate) mod severed;
pub mod world;

pub(crate) use by_hand::{Hand, Held};
pub use place::Opener;
pub(crate) use place::{CaseResult, Place, chosen, on_a_place, until, worker};
pub(crate) use running::{Ended, assert_nothing_left, state_of, within};
pub use severed::{Severed, Switch};
