//! Sources: the methods that `each` and `transform` steps take their arguments from.

use std::fmt;
use std::future::Future;

use serde::Serialize;
use thiserror::Error;

use crate::words::arguments::table::{ArgumentTable, ItemError};
use crate::words::arguments::{ArgumentError, ArgumentSet, ArgumentsRef, Parameter};
use crate::words::error::BoxError;

/// One entry of a definition's table of sources.
pub struct Source<D> {
    pub(crate) name: &'static str,
    pub(crate) kind: SourceKind,
    pub(crate) extends: bool,
    pub(crate) description: Option<&'static str>,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) run: SourceFn<D>,
}

type SourceFn<D> = fn(&D, &ArgumentsRef<'_>, &mut ItemSink<'_>) -> Result<(), SourceError>;

/// Which step takes a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    Each,
    Transform,
}

impl SourceKind {
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::Transform => "transform",
        }
    }
}

impl<D> Source<D> {
    /// A source of items for `each`.
    pub const fn each(name: &'static str, run: SourceFn<D>) -> Self {
        Self::new(name, SourceKind::Each, run)
    }

    /// A source of one set of arguments for `transform`.
    pub const fn transform(name: &'static str, run: SourceFn<D>) -> Self {
        Self::new(name, SourceKind::Transform, run)
    }

    const fn new(name: &'static str, kind: SourceKind, run: SourceFn<D>) -> Self {
        Self { name, kind, extends: false, description: None, parameters: &[], run }
    }

    /// The arguments it takes.
    #[must_use]
    pub const fn arguments<A: ArgumentSet>(mut self) -> Self {
        self.parameters = A::PARAMETERS;
        self
    }

    /// Lays the fields over the arguments that are there, instead of replacing them.
    #[must_use]
    pub const fn extend(mut self) -> Self {
        self.extends = true;
        self
    }

    /// The description of its steps, where neither step nor item has one. An empty text counts as none.
    #[must_use]
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = if description.is_empty() { None } else { Some(description) };
        self
    }
}

impl<D> fmt::Debug for Source<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.name, self.parameters)
    }
}

/// What went wrong in a source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The method itself returned an error.
    #[error("{0}")]
    Failed(#[source] BoxError),
    /// An argument it takes is missing or of the wrong type.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// An item has no fields that could become arguments.
    #[error("{0}")]
    Item(String),
}

impl SourceError {
    /// Wraps the method's own error.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self::Failed(error.into())
    }
}

/// Where a source puts its items.
pub struct ItemSink<'a> {
    pub(crate) table: &'a mut ArgumentTable,
    /// The set that the items lie over.
    pub(crate) over: u32,
    pub(crate) sets: Vec<(u32, Option<String>)>,
}

impl ItemSink<'_> {
    /// Takes one item.
    pub fn one<T: Serialize>(&mut self, item: T) -> Result<(), SourceError> {
        let added = self.table.add_item(self.over, &item).map_err(|error| match error {
            ItemError::Shape(text) => SourceError::Item(text),
            ItemError::Argument(error) => SourceError::Argument(error),
        })?;
        self.sets.push(added);
        Ok(())
    }

    /// Takes all items.
    pub fn all<I: IntoIterator<Item: Serialize>>(&mut self, items: I) -> Result<(), SourceError> {
        items.into_iter().try_for_each(|item| self.one(item))
    }
}

impl fmt::Debug for ItemSink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemSink").field("items", &self.sets.len()).finish_non_exhaustive()
    }
}

/// Runs the future of an async source to its end, from the middle of a build, which is not async.
///
/// On a multi-threaded tokio runtime the thread steps out of it for that time. Otherwise the future gets a runtime of
/// its own, on a thread of its own: what it awaits must not be bound to the runtime of the caller.
pub fn drive<F: Future<Output: Send> + Send>(future: F) -> Result<F::Output, SourceError> {
    use tokio::runtime::{Builder, Handle, RuntimeFlavor};
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
            Ok(tokio::task::block_in_place(|| handle.block_on(future)))
        }
        _ => std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build().map_err(SourceError::new)?;
                Ok(runtime.block_on(future))
            });
            match thread.join() {
                Ok(output) => output,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_driven_with_and_without_a_runtime() {
        let work = || async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            7
        };
        assert_eq!(drive(work()).unwrap(), 7);
        let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(one.block_on(async { drive(work()).unwrap() }), 7);
        let many =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        assert_eq!(many.block_on(async { drive(work()).unwrap() }), 7);
    }
}
