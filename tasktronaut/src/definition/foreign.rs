//! A definition that a process names and this program does not know. It can be shown, and nothing else (`R17`).

use std::any::Any;
use std::sync::Arc;

use super::ExecutionMode;
use super::build::Draft;
use super::context::Context;
use super::erased::AnyDefinition;
use super::hooks::{HookEvent, HookFuture};
use super::task::{TaskFuture, TaskInfo, TaskResult};
use crate::words::arguments::Parameter;
use crate::words::error::{TaskError, TaskErrorKind};
use crate::words::policy::Policy;

/// The definition, of which only the name is known.
pub(crate) struct Foreign {
    pub(crate) name: Arc<str>,
}

impl Foreign {
    /// Nobody claims such a job; if it happens all the same, it goes back to the queue.
    fn unknown(&self) -> TaskError {
        let text = format!("the definition `{}` is not registered in this program", self.name);
        TaskError::of_kind(TaskErrorKind::BadPayload, text)
    }
}

impl AnyDefinition for Foreign {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> Option<&str> {
        None
    }

    fn execution_mode(&self) -> ExecutionMode {
        ExecutionMode::Sequential
    }

    fn policy(&self) -> Policy {
        Policy::new()
    }

    fn queue(&self) -> Option<&'static str> {
        None
    }

    fn priority(&self) -> i16 {
        0
    }

    fn names_queues(&self) -> bool {
        false
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn task(&self, _: usize) -> Option<&'static TaskInfo> {
        None
    }

    fn task_index(&self, _: &str) -> Option<usize> {
        None
    }

    fn instance(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn has_around(&self) -> bool {
        false
    }

    fn has_hook(&self, _: &HookEvent) -> bool {
        false
    }

    fn has_on_task_failed(&self) -> bool {
        false
    }

    fn define(self: Arc<Self>, draft: Draft) -> Draft {
        draft
    }

    fn run_plain(&self, _: usize, context: Context) -> (TaskResult, Context) {
        (Err(self.unknown()), context)
    }

    fn run_async(&self, _: usize, _: Context) -> TaskFuture {
        Box::pin(std::future::ready(Err(self.unknown())))
    }

    fn run_around(self: Arc<Self>, _: Context) -> TaskFuture {
        Box::pin(std::future::ready(Err(self.unknown())))
    }

    fn run_hook(self: Arc<Self>, _: Arc<str>, _: HookEvent) -> Option<HookFuture<'static>> {
        None
    }

    fn run_on_task_failed(self: Arc<Self>, _: Context, _: Arc<TaskError>) -> HookFuture<'static> {
        Box::pin(std::future::ready(Ok(())))
    }
}
