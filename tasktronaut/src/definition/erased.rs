//! [`Definition`]: a process definition whose type is no longer known, as registries, built processes and workers
//! hold it.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use super::build::{Builder, Draft};
use super::call::Call;
use super::context::Context;
#[cfg(feature = "durable")]
use super::foreign::Foreign;
use super::hooks::{HookEvent, HookFuture, HookResult, Next};
use super::task::{Run, Task, TaskFuture, TaskInfo, TaskResult};
use super::{ExecutionMode, ProcessDefinition};
use crate::words::arguments::{ArgumentSet, Parameter};
use crate::words::error::TaskError;
use crate::words::policy::Policy;

/// A process definition, whatever its type. Cheap to clone.
#[derive(Clone)]
pub struct Definition {
    erased: Arc<dyn AnyDefinition>,
}

impl Definition {
    /// One that this program does not know, under its name.
    #[cfg(feature = "durable")]
    pub(crate) fn foreign(name: Arc<str>) -> Self {
        Self { erased: Arc::new(Foreign { name }) }
    }

    /// Takes an instance of a definition.
    pub fn new<D: ProcessDefinition>(definition: D) -> Self {
        Self { erased: Arc::new(Bound { definition }) }
    }

    /// The name by which stores and registries know it.
    pub fn name(&self) -> &str {
        self.erased.name()
    }

    /// What its processes do, for people.
    pub fn description(&self) -> Option<&str> {
        self.erased.description()
    }

    /// How its outermost steps follow each other.
    pub fn execution_mode(&self) -> ExecutionMode {
        self.erased.execution_mode()
    }

    /// The arguments its processes take.
    pub fn parameters(&self) -> &'static [Parameter] {
        self.erased.parameters()
    }

    /// Its tasks.
    pub fn tasks(&self) -> impl Iterator<Item = &'static TaskInfo> {
        (0..).map_while(|index| self.task(index))
    }

    /// One of its tasks.
    pub(crate) fn task(&self, index: usize) -> Option<&'static TaskInfo> {
        self.erased.task(index)
    }

    /// Retries, backoff and timeout of its processes.
    pub fn policy(&self) -> Policy {
        self.erased.policy()
    }

    /// The queue of its tasks that name none of their own.
    pub fn queue(&self) -> Option<&'static str> {
        self.erased.queue()
    }

    /// How much its processes matter; higher goes first.
    pub fn priority(&self) -> i16 {
        self.erased.priority()
    }

    pub(crate) fn erased(&self) -> &Arc<dyn AnyDefinition> {
        &self.erased
    }

    /// Whether it, or one of its tasks, names a queue.
    pub(crate) fn names_queues(&self) -> bool {
        self.erased.names_queues()
    }

    /// The definition itself, if it is a `D`.
    pub fn instance<D: Send + Sync + 'static>(&self) -> Option<&D> {
        self.erased.instance().downcast_ref()
    }

    pub(crate) fn instance_type(&self) -> TypeId {
        self.erased.instance().type_id()
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("name", &self.name())
            .field("tasks", &self.tasks().collect::<Vec<_>>())
            .finish()
    }
}

/// What can be done with a definition without knowing its type.
pub(crate) trait AnyDefinition: Any + Send + Sync {
    fn name(&self) -> &str;
    fn description(&self) -> Option<&str>;
    fn execution_mode(&self) -> ExecutionMode;
    fn policy(&self) -> Policy;
    fn queue(&self) -> Option<&'static str>;
    fn priority(&self) -> i16;
    fn names_queues(&self) -> bool;
    fn parameters(&self) -> &'static [Parameter];
    fn task(&self, index: usize) -> Option<&'static TaskInfo>;
    fn task_index(&self, name: &str) -> Option<usize>;
    fn instance(&self) -> &(dyn Any + Send + Sync);
    /// Whether an attempt is more than the task's own function.
    fn has_around(&self) -> bool;
    fn has_hook(&self, event: &HookEvent) -> bool;
    fn has_on_task_failed(&self) -> bool;

    /// Draws the graph into the draft.
    fn define(self: Arc<Self>, draft: Draft) -> Draft;
    /// Runs a plain task, and gives the context back to be used again.
    fn run_plain(&self, task: usize, context: Context) -> (TaskResult, Context);
    /// Starts an async task.
    fn run_async(&self, task: usize, context: Context) -> TaskFuture;
    /// Starts an attempt with `around_task` round it.
    fn run_around(self: Arc<Self>, context: Context) -> TaskFuture;
    /// Starts a hook; `None` when the definition has none of this name.
    fn run_hook(self: Arc<Self>, identifier: Arc<str>, event: HookEvent) -> Option<HookFuture<'static>>;
    /// Tells `on_task_failed`.
    fn run_on_task_failed(self: Arc<Self>, context: Context, error: Arc<TaskError>) -> HookFuture<'static>;
}

/// An instance of a definition. Every process may have one of its own, so it holds nothing that a type can say.
pub(crate) struct Bound<D> {
    pub(crate) definition: D,
}

impl<D: ProcessDefinition> AnyDefinition for Bound<D> {
    fn name(&self) -> &str {
        self.definition.name()
    }

    fn description(&self) -> Option<&str> {
        self.definition.description()
    }

    fn execution_mode(&self) -> ExecutionMode {
        self.definition.execution_mode()
    }

    fn policy(&self) -> Policy {
        self.definition.policy()
    }

    fn queue(&self) -> Option<&'static str> {
        self.definition.queue()
    }

    fn priority(&self) -> i16 {
        self.definition.priority()
    }

    fn names_queues(&self) -> bool {
        let mut tasks = self.definition.tasks().iter();
        self.definition.queue().is_some() || tasks.any(|task| task.info().queue.is_some())
    }

    fn parameters(&self) -> &'static [Parameter] {
        D::Arguments::PARAMETERS
    }

    fn task(&self, index: usize) -> Option<&'static TaskInfo> {
        self.definition.tasks().get(index).map(Task::info)
    }

    fn task_index(&self, name: &str) -> Option<usize> {
        self.definition.tasks().iter().position(|task| task.info().name == name)
    }

    fn instance(&self) -> &(dyn Any + Send + Sync) {
        &self.definition
    }

    fn has_around(&self) -> bool {
        self.definition.hooks().around_task.is_some()
    }

    fn has_hook(&self, event: &HookEvent) -> bool {
        let hooks = self.definition.hooks();
        match event {
            HookEvent::Started => hooks.on_started.is_some(),
            HookEvent::Completed => hooks.on_completed.is_some(),
            HookEvent::Cancelled => hooks.on_cancelled.is_some(),
            HookEvent::Failed { .. } => hooks.on_failed.is_some(),
        }
    }

    fn has_on_task_failed(&self) -> bool {
        self.definition.hooks().on_task_failed.is_some()
    }

    fn define(self: Arc<Self>, draft: Draft) -> Draft {
        let mut builder = Builder::new(self, draft);
        builder.define();
        builder.into_draft()
    }

    fn run_plain(&self, task: usize, context: Context) -> (TaskResult, Context) {
        let call = Call::new(context);
        let result = match self.definition.tasks()[task].run() {
            Run::Plain(run) => run(&call),
            Run::Async(_) => unreachable!("the caller has looked at `TaskInfo::is_async`"),
        };
        (result, call.into_context())
    }

    fn run_async(&self, task: usize, context: Context) -> TaskFuture {
        match self.definition.tasks()[task].run() {
            Run::Async(run) => run(Call::new(context)),
            Run::Plain(_) => unreachable!("the caller has looked at `TaskInfo::is_async`"),
        }
    }

    fn run_around(self: Arc<Self>, context: Context) -> TaskFuture {
        Box::pin(async move {
            let erased: Arc<dyn AnyDefinition> = self.clone();
            match self.definition.hooks().around_task {
                Some(around) => around(&self.definition, &context, Next::new(&erased, &context)).await,
                None => Next::new(&erased, &context).run().await,
            }
        })
    }

    fn run_hook(self: Arc<Self>, identifier: Arc<str>, event: HookEvent) -> Option<HookFuture<'static>> {
        let hooks = self.definition.hooks();
        let hook = match &event {
            HookEvent::Started => hooks.on_started?,
            HookEvent::Completed => hooks.on_completed?,
            HookEvent::Cancelled => hooks.on_cancelled?,
            HookEvent::Failed { step, error } => {
                let (hook, step, error) = (hooks.on_failed?, Arc::clone(step), Arc::clone(error));
                return Some(Box::pin(
                    async move { hook(&self.definition, &identifier, &step, &error).await },
                ));
            }
        };
        Some(Box::pin(async move { hook(&self.definition, &identifier).await }))
    }

    fn run_on_task_failed(self: Arc<Self>, context: Context, error: Arc<TaskError>) -> HookFuture<'static> {
        Box::pin(async move {
            match self.definition.hooks().on_task_failed {
                Some(hook) => hook(&self.definition, &context, &error).await,
                None => HookResult::Ok(()),
            }
        })
    }
}
