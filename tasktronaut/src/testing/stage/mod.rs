//! What all suites of a backend stand on: a definition that does what a case wants ([`lab`], [`world`]), a backend of
//! one's own for each case ([`place`]), a link to it that can be cut ([`severed`]), and a worker that a case plays itself
//! ([`by_hand`]).

mod by_hand;
pub(crate) mod lab;
mod place;
pub(crate) mod severed;
pub(crate) mod world;

pub(crate) use by_hand::{Hand, Held};
pub use place::Opener;
pub(crate) use place::{
    CaseResult, Ended, Place, assert_nothing_left, chosen, on_a_place, state_of, until, within, worker,
};
pub use severed::{Severed, Switch};
