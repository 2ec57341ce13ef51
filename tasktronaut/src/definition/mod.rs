//! Floor 1, what a process is: definitions with their tasks, sources and hooks; the builder that draws their graph;
//! the built process; the registry.

pub(crate) mod build;
pub(crate) mod call;
pub(crate) mod context;
pub(crate) mod erased;
#[cfg(feature = "durable")]
pub(crate) mod foreign;
pub(crate) mod hooks;
pub(crate) mod process;
pub(crate) mod registry;
pub(crate) mod schedule;
pub(crate) mod source;
pub(crate) mod tables;
pub(crate) mod task;
pub(crate) mod unwind;

use crate::definition::build::{BuildError, Builder};
use crate::definition::hooks::Hooks;
use crate::definition::source::Source;
use crate::definition::task::Task;
use crate::words::arguments::ArgumentSet;
use crate::words::policy::Policy;

/// How the steps of a block, or of a whole process, follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExecutionMode {
    /// Each step begins when the one before it has succeeded.
    #[default]
    Sequential,
    /// All steps may run at the same time.
    Concurrent,
}

impl ExecutionMode {
    /// `"sequential"` or `"concurrent"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Concurrent => "concurrent",
        }
    }
}

/// What a process of some kind is: its tasks, and how they make up its graph.
///
/// [`#[process]`](macro@crate::process) implements it for the type of an `impl` block. Written by hand it says the
/// same with tables:
///
/// ```
/// use tasktronaut::{BuildError, Builder, ProcessDefinition, ProcessBuilder, Task, arguments, Arguments};
///
/// struct Greeting;
///
/// impl ProcessDefinition for Greeting {
///     type Arguments = Arguments;
///
///     fn name(&self) -> &'static str {
///         "Greeting"
///     }
///
///     fn tasks(&self) -> &'static [Task<Self>] {
///         const TASKS: &[Task<Greeting>] = &[Task::plain("say_hello", |call| {
///             println!("Hello {}!", call.arguments().get::<String>("name")?);
///             Ok(())
///         })];
///         TASKS
///     }
///
///     fn instance() -> Option<Self> {
///         Some(Self)
///     }
///
///     fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
///         builder.task("say_hello");
///         Ok(())
///     }
/// }
///
/// let process = ProcessBuilder::<Greeting>::new(arguments! { name: "Ada" }).build()?;
/// assert_eq!(process.steps().count(), 1);
/// # Ok::<(), BuildError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a process definition",
    label = "this is no process definition",
    note = "help: put `#[process]` on an `impl {Self} {{ .. }}` block"
)]
pub trait ProcessDefinition: Sized + Send + Sync + 'static {
    /// The arguments that a process of this kind takes.
    type Arguments: ArgumentSet;

    /// The name by which stores and registries know the definition, such as `my_app::albums::Album`.
    ///
    /// It must not change while processes of this kind are in a store.
    fn name(&self) -> &'static str;

    /// What a process of this kind does, for people.
    fn description(&self) -> Option<&'static str> {
        None
    }

    /// How the outermost steps follow each other.
    fn execution_mode(&self) -> ExecutionMode {
        ExecutionMode::Sequential
    }

    /// Retries and backoff of the tasks that ask for none of their own, the timeout of the whole process, and what
    /// happens to siblings after a failure.
    fn policy(&self) -> Policy {
        Policy::new()
    }

    /// The queue of its tasks that name none of their own; workers can be told to serve some queues only.
    fn queue(&self) -> Option<&'static str> {
        None
    }

    /// How much its processes matter: jobs of a higher priority go first (`R6`).
    fn priority(&self) -> i16 {
        0
    }

    /// The tasks, in a fixed order.
    fn tasks(&self) -> &'static [Task<Self>];

    /// The sources that `each` and `transform` steps name, in a fixed order.
    fn sources(&self) -> &'static [Source<Self>] {
        &[]
    }

    /// The hooks.
    fn hooks(&self) -> Hooks<Self> {
        Hooks::new()
    }

    /// An instance, where the definition can make one by itself. A definition that needs resources gives `None`, and
    /// is put into a [`Registry`](crate::Registry) as an instance.
    fn instance() -> Option<Self> {
        None
    }

    /// Draws the graph.
    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError>;
}
