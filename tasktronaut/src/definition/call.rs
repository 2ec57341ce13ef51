//! [`Call`]: one attempt of a task, as the function behind it sees it.

use std::marker::PhantomData;

use super::context::Context;
use crate::words::arguments::{ArgumentSet, ArgumentsRef};
use crate::words::error::TaskError;

/// One attempt of a task of the definition `D`: the definition, the context and the arguments.
#[derive(Debug)]
pub struct Call<D> {
    context: Context,
    definition: PhantomData<fn() -> D>,
}

impl<D: Send + Sync + 'static> Call<D> {
    pub(crate) fn new(context: Context) -> Self {
        Self { context, definition: PhantomData }
    }

    /// The definition.
    pub fn definition(&self) -> &D {
        self.context.definition_instance()
    }

    /// The context of this attempt.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The arguments at the step's place in the graph.
    pub fn arguments(&self) -> ArgumentsRef<'_> {
        self.context.arguments()
    }

    /// The arguments as a struct.
    ///
    /// They were checked when the process was built, so an error means that the store has been tampered with or that
    /// the task has changed since then: a [`BadPayload`](crate::TaskErrorKind::BadPayload).
    pub fn decode<A: ArgumentSet>(&self) -> Result<A, TaskError> {
        Ok(A::decode(&self.arguments())?)
    }

    pub(crate) fn into_context(self) -> Context {
        self.context
    }
}
