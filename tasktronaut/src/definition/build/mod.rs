//! Building: from a definition and its arguments to a [`Process`](crate::Process).

mod builder;
mod draft;
mod error;
mod start;

pub use builder::{BuildResult, Builder};
pub(crate) use draft::{Draft, check_definition, hint};
pub use error::BuildError;
pub use start::ProcessBuilder;
