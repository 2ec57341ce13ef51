//! Words become structure. Whatever cannot be read is told, and the rest is read on.

pub(crate) mod attribute;
mod brackets;
pub(crate) mod cursor;
mod duration;
pub(crate) mod embedded;
pub(crate) mod graph;
pub(crate) mod item;
mod mistake;
mod question;
