//! Lifecycle hooks: what a definition is told of its processes, and what goes round each attempt (`R14`).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::context::Context;
use super::erased::AnyDefinition;
use super::task::{TaskFuture, TaskResult};
use crate::words::error::{BoxError, TaskError};

/// How a hook ends.
pub type HookResult = Result<(), BoxError>;

/// A hook on its way.
pub type HookFuture<'a> = Pin<Box<dyn Future<Output = HookResult> + Send + 'a>>;

/// An `around_task` hook on its way.
pub type AroundFuture<'a> = Pin<Box<dyn Future<Output = TaskResult> + Send + 'a>>;

type StateHook<D> = for<'a> fn(&'a D, &'a str) -> HookFuture<'a>;
type FailedHook<D> = for<'a> fn(&'a D, &'a str, &'a str, &'a TaskError) -> HookFuture<'a>;
type TaskFailedHook<D> = for<'a> fn(&'a D, &'a Context, &'a TaskError) -> HookFuture<'a>;
type AroundHook<D> = for<'a> fn(&'a D, &'a Context, Next<'a>) -> AroundFuture<'a>;

/// The hooks of a definition, each of them optional.
///
/// Methods of a `#[process]` block are hooks by their names; by hand the table is written with the methods here.
pub struct Hooks<D> {
    pub(crate) on_started: Option<StateHook<D>>,
    pub(crate) on_completed: Option<StateHook<D>>,
    pub(crate) on_cancelled: Option<StateHook<D>>,
    pub(crate) on_failed: Option<FailedHook<D>>,
    pub(crate) on_task_failed: Option<TaskFailedHook<D>>,
    pub(crate) around_task: Option<AroundHook<D>>,
}

impl<D> Clone for Hooks<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Hooks<D> {}

impl<D> Default for Hooks<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D> Hooks<D> {
    /// No hooks.
    pub const fn new() -> Self {
        Self {
            on_started: None,
            on_completed: None,
            on_cancelled: None,
            on_failed: None,
            on_task_failed: None,
            around_task: None,
        }
    }

    /// Runs before any task of a process.
    #[must_use]
    pub const fn on_started(mut self, hook: StateHook<D>) -> Self {
        self.on_started = Some(hook);
        self
    }

    /// Runs after all tasks have succeeded.
    #[must_use]
    pub const fn on_completed(mut self, hook: StateHook<D>) -> Self {
        self.on_completed = Some(hook);
        self
    }

    /// Runs after a process was cancelled, when its last job has ended.
    #[must_use]
    pub const fn on_cancelled(mut self, hook: StateHook<D>) -> Self {
        self.on_cancelled = Some(hook);
        self
    }

    /// Runs after a process has failed, when its last job has ended; told the step and its error.
    #[must_use]
    pub const fn on_failed(mut self, hook: FailedHook<D>) -> Self {
        self.on_failed = Some(hook);
        self
    }

    /// Runs after every failed attempt of a task.
    #[must_use]
    pub const fn on_task_failed(mut self, hook: TaskFailedHook<D>) -> Self {
        self.on_task_failed = Some(hook);
        self
    }

    /// Goes round each attempt of each task; what it returns is what counts.
    #[must_use]
    pub const fn around_task(mut self, hook: AroundHook<D>) -> Self {
        self.around_task = Some(hook);
        self
    }
}

impl<D> fmt::Debug for Hooks<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = [
            ("on_started", self.on_started.is_some()),
            ("on_completed", self.on_completed.is_some()),
            ("on_cancelled", self.on_cancelled.is_some()),
            ("on_failed", self.on_failed.is_some()),
            ("on_task_failed", self.on_task_failed.is_some()),
            ("around_task", self.around_task.is_some()),
        ];
        f.debug_set().entries(present.iter().filter(|(_, there)| *there).map(|(name, _)| name)).finish()
    }
}

/// Which hook of a process's life is due.
#[derive(Debug, Clone)]
pub enum HookEvent {
    /// The process starts.
    Started,
    /// All its tasks have succeeded.
    Completed,
    /// It was cancelled, or something around it failed or was cancelled.
    Cancelled,
    /// One of its tasks has failed for good.
    Failed {
        /// The name of the task.
        step: Arc<str>,
        /// Its error.
        error: Arc<TaskError>,
    },
}

/// The hooks of a process's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hook {
    /// `on_started`
    Started,
    /// `on_completed`
    Completed,
    /// `on_cancelled`
    Cancelled,
    /// `on_failed`
    Failed,
}

impl Hook {
    /// The name of the method.
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "on_started",
            Self::Completed => "on_completed",
            Self::Cancelled => "on_cancelled",
            Self::Failed => "on_failed",
        }
    }
}

impl HookEvent {
    /// The hook that is told.
    pub fn kind(&self) -> Hook {
        match self {
            Self::Started => Hook::Started,
            Self::Completed => Hook::Completed,
            Self::Cancelled => Hook::Cancelled,
            Self::Failed { .. } => Hook::Failed,
        }
    }

    /// The name of the hook that is told.
    pub fn hook(&self) -> &'static str {
        self.kind().name()
    }
}

/// The attempt that an `around_task` hook goes round.
pub struct Next<'a> {
    definition: &'a Arc<dyn AnyDefinition>,
    context: &'a Context,
}

impl<'a> Next<'a> {
    pub(crate) fn new(definition: &'a Arc<dyn AnyDefinition>, context: &'a Context) -> Self {
        Self { definition, context }
    }

    /// Runs the task.
    ///
    /// A plain function runs on a thread where it may block.
    pub async fn run(self) -> TaskResult {
        let context = self.context.share();
        let task = context.task_index();
        if self.definition.task(task).is_some_and(|task| task.is_async) {
            let attempt: TaskFuture = self.definition.run_async(task, context);
            return attempt.await;
        }
        let definition = Arc::clone(self.definition);
        let attempt = tokio::task::spawn_blocking(move || definition.run_plain(task, context).0);
        match attempt.await {
            Ok(result) => result,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(ended) => Err(TaskError::new(ended)),
            },
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Next").field(&self.context.task()).finish()
    }
}
