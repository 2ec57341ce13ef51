//! Floor 0, the words everything else is written in: identifiers, arguments, errors, policies, clocks.
//!
//! Nothing here knows of a definition, a plan or a backend.

pub(crate) mod arguments;
pub(crate) mod blocking;
pub(crate) mod clock;
pub(crate) mod error;
pub(crate) mod name;
pub(crate) mod policy;
pub(crate) mod truth;
