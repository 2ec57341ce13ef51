//! Describe business processes by annotating methods, checked by the compiler, and run them anywhere.
#![cfg_attr(docsrs, feature(doc_cfg))]

// Generated code names the crate by its name, in the crate itself too.
#[allow(unused_extern_crates)]
extern crate self as tasktronaut;

pub mod backend;
mod definition;
mod engine;
pub mod plan;
mod words;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use backend::{Backend, BackendError, CancelAnswer, EnqueueError, Enqueued, Event, Events, LocalBackend};
pub use definition::build::{BuildError, BuildResult, Builder, ProcessBuilder};
pub use definition::call::Call;
pub use definition::context::{Context, Progress};
pub use definition::erased::Definition;
pub use definition::hooks::{AroundFuture, HookEvent, HookFuture, HookResult, Hooks, Next};
pub use definition::process::{Process, Step, StepKind, Steps};
pub use definition::registry::{Registry, RegistryError};
pub use definition::source::{ItemSink, Source, SourceError};
pub use definition::task::{Task, TaskFuture, TaskInfo, TaskResult, TaskReturn};
pub use definition::{ExecutionMode, ProcessDefinition};
pub use engine::{Handle, ProcessError, RunningWorker, Worker, WorkerError};
pub use plan::{Failure, JobState, Outcome, Plan};
pub use tasktronaut_macros::{each, process, task, transform};
pub use words::arguments::{
    Argument, ArgumentError, ArgumentSet, Arguments, ArgumentsRef, Described, Encoder, Expected, List,
    Parameter,
};
pub use words::error::{
    BoxError, CancelProcessError, NonRetryableProcessError, ResultExt, RetryAfter, TaskError, TaskErrorKind,
};
pub use words::name::NameError;
pub use words::policy::Policy;

/// Clocks: where a backend reads the time from.
pub mod clock {
    pub use crate::words::clock::{Clock, ManualClock, Moment, SystemClock};
}

/// What a module with process definitions needs: `use tasktronaut::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Arguments, BoxError, BuildError, Builder, CancelProcessError, Context, Described, ExecutionMode,
        Handle, LocalBackend, Next, NonRetryableProcessError, Outcome, Policy, Process, ProcessBuilder,
        ProcessDefinition, ProcessError, Registry, RegistryError, ResultExt, RetryAfter, TaskError, Worker,
        arguments, each, process, task, transform,
    };
    pub use serde::{Deserialize, Serialize};
}
