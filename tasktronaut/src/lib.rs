//! Describe business processes by annotating methods, checked by the compiler, and run them anywhere.
//!
//! A process is multi-step work: tasks one after the other or at the same time, sub-processes, iteration, options. The
//! methods of an `impl` block are its tasks, a [`process!`](macro@process) block is its graph. The compiler checks that every
//! task exists, and that every argument it needs is there at that place of the graph, with the right type.
//!
//! ```
//! use tasktronaut::prelude::*;
//!
//! #[derive(Default)]
//! struct Greeting;
//!
//! #[process]
//! impl Greeting {
//!     fn define_process(names: Vec<String>) {
//!         process! {
//!             seq {
//!                 say_hello;
//!                 par { each name in names { say_name; } }
//!             }
//!         }
//!     }
//!
//!     #[task]
//!     fn say_hello(&self) {
//!         println!("Hello!");
//!     }
//!
//!     #[task]
//!     async fn say_name(&self, name: String) {
//!         println!("Nice to meet you, {name}.");
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! Greeting::process(GreetingArgs { names: vec!["Ada".into(), "Grace".into()] }).build()?.run().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The [`guide`] shows the rest, step by step.
//!
//! # Words
//!
//! *Process definition*: the type. *Process*: one built instance, with an identifier. *Step*: a place in its tree.
//! *Task*: the method. *Plan*: the flat graph of jobs that a process becomes. *Job*: one node of the plan, handed out
//! by a *backend* to a *worker*. *Registry*: the definitions that can be found by name. *Arguments* are what tasks take;
//! *options* decide the graph. *Context*: what a running task knows. *Hook*: a method that is told of a process's life.
//! *Outcome*: how a process ended.
//!
//! # Layout
//!
//! | floor | module | what it knows |
//! |---|---|---|
//! | 5 | `testing` | suites for those who write a backend (feature `testing`) |
//! | 4 | `engine` | workers, handles: who does the work |
//! | 3 | [`backend`] | where processes are kept: the trait, and the in-process backend |
//! | 2 | [`plan`] | the flat plan, and the pure rules of what an error means |
//! | 1 | `definition` | definitions, tasks, hooks, builder, built process, registry |
//! | 0 | `words` | identifiers, arguments, errors, policies, clocks |
//!
//! A module uses lower floors only.

// Generated code names the crate by its name, in the crate itself too.
#[allow(unused_extern_crates)]
extern crate self as tasktronaut;

pub mod backend;
mod definition;
mod engine;
pub mod guide;
pub mod plan;
#[cfg(feature = "testing")]
pub mod testing;
mod words;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use backend::{
    AnyBackend, Backend, BackendError, CancelAnswer, EnqueueError, Enqueued, Event, Events, LocalBackend,
};
pub use definition::build::{BuildError, BuildResult, Builder, ProcessBuilder};
pub use definition::call::Call;
pub use definition::context::{Context, Progress};
pub use definition::erased::Definition;
pub use definition::hooks::{AroundFuture, Hook, HookEvent, HookFuture, HookResult, Hooks, Next};
pub use definition::process::{Process, Step, StepKind, Steps};
pub use definition::registry::{Registry, RegistryError};
pub use definition::source::{ItemSink, Source, SourceError};
pub use definition::task::{Task, TaskFuture, TaskInfo, TaskResult, TaskReturn};
pub use definition::{ExecutionMode, ProcessDefinition};
pub use engine::observer;
pub use engine::{Client, Handle, ProcessError, RunningWorker, Worker, WorkerError};
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
        AnyBackend, Arguments, BoxError, BuildError, Builder, CancelProcessError, Client, Context, Described,
        ExecutionMode, Handle, LocalBackend, Next, NonRetryableProcessError, Outcome, Policy, Process,
        ProcessBuilder, ProcessDefinition, ProcessError, Registry, RegistryError, ResultExt, RetryAfter,
        TaskError, Worker, arguments, each, process, task, transform,
    };
    pub use serde::{Deserialize, Serialize};
}
