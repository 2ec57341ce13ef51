//! The other side of a queue: does what a job asks for.

use std::future::poll_fn;
use std::sync::Arc;

use thiserror::Error;

use super::{Job, PerformComplete, PerformStart, PerformTask};
use crate::definition::context::{Context, Session};
use crate::definition::erased::Definition;
use crate::definition::hooks::HookEvent;
use crate::definition::registry::{Registry, RegistryError};
use crate::definition::tables::Tables;
use crate::definition::task::{TaskInfo, TaskResult};
use crate::definition::unwind::poll;
use crate::words::arguments::ArgumentError;
use crate::words::error::{BoxError, TaskError, TaskErrorKind, full_text};

/// Why a job could not be performed, or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PerformError {
    /// The definition cannot be found.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The definition has no such task.
    #[error("the definition `{definition}` has no task `{task}`")]
    UnknownTask {
        /// The definition.
        definition: String,
        /// The task.
        task: String,
    },
    /// An argument is missing or of the wrong type.
    #[error("task `{task}`: {error}")]
    Argument {
        /// The task.
        task: String,
        /// Which argument, and what is wrong with it.
        #[source]
        error: ArgumentError,
    },
    /// The task failed. The queue may try again, unless the kind says that this is of no use.
    #[error("task `{task}` failed: {error}")]
    Task {
        /// The task.
        task: String,
        /// Its error.
        #[source]
        error: Arc<TaskError>,
    },
    /// A hook failed.
    #[error("the hook `{hook}` failed: {error}")]
    Hook {
        /// The hook.
        hook: &'static str,
        /// Its error.
        #[source]
        error: BoxError,
    },
}

/// Which attempt of a task a queue makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// Whether the queue gives up after it.
    pub is_last: bool,
}

impl Attempt {
    /// The only attempt, for a queue without retries.
    pub const ONLY: Self = Self { number: 1, is_last: true };
}

/// Tells `on_started`.
pub async fn perform_start(registry: &Registry, start: &PerformStart) -> Result<(), PerformError> {
    let definition = registry.load(&start.definition)?;
    tell(&definition, &start.identifier, HookEvent::Started).await
}

/// Tells `on_completed`.
pub async fn perform_complete(registry: &Registry, complete: &PerformComplete) -> Result<(), PerformError> {
    let definition = registry.load(&complete.definition)?;
    tell(&definition, &complete.identifier, HookEvent::Completed).await
}

/// Runs one attempt of a task, with `around_task` round it.
///
/// - An ordinary error: `on_task_failed` is told, and after the last attempt `on_failed`; the error is returned.
/// - [`NonRetryableProcessError`](crate::NonRetryableProcessError): the same, as if it were the last attempt.
/// - [`CancelProcessError`](crate::CancelProcessError): the job is cancelled, its dependents are deleted,
///   `on_cancelled` is told, and nothing is returned.
pub async fn perform_task(
    registry: &Registry,
    job: &impl Job,
    task: &PerformTask,
    attempt: Attempt,
) -> Result<(), PerformError> {
    let definition = registry.load(&task.definition)?;
    let context = context_of(&definition, task, attempt)?;
    let Err(error) = run(&definition, context.share()).await else {
        return Ok(());
    };
    let error = Arc::new(error);
    let name = &task.function_name;
    if error.kind() == TaskErrorKind::Cancel {
        tracing::warn!("The process is cancelled by task '{name}': {}.", full_text(error.error()));
        job.cancel();
        job.delete_dependents();
        return tell(&definition, &task.identifier, HookEvent::Cancelled).await;
    }
    tracing::error!("Failed to execute task '{name}': {}.", full_text(error.error()));
    if definition.erased().has_on_task_failed() {
        let hook = Arc::clone(definition.erased()).run_on_task_failed(context, Arc::clone(&error));
        show("on_task_failed", hook.await);
    }
    if attempt.is_last || error.kind() == TaskErrorKind::NonRetryable {
        let event = HookEvent::Failed { step: name.as_str().into(), error: Arc::clone(&error) };
        // The task's error is what counts, and is not to be lost over that of a hook.
        if let Err(hook) = tell(&definition, &task.identifier, event).await {
            tracing::error!("{hook}");
        }
    }
    Err(PerformError::Task { task: name.clone(), error })
}

fn context_of(
    definition: &Definition,
    task: &PerformTask,
    attempt: Attempt,
) -> Result<Context, PerformError> {
    let unknown = || PerformError::UnknownTask {
        definition: task.definition.clone(),
        task: task.function_name.clone(),
    };
    let wrong = |error| PerformError::Argument { task: task.function_name.clone(), error };
    let index = definition.erased().task_index(&task.function_name).ok_or_else(unknown)?;
    let number = u32::try_from(index).map_err(|_| unknown())?;
    let tables = Tables::of_task(definition.clone(), number, task.description.as_deref(), &task.arguments);
    let tables = Arc::new(tables.map_err(wrong)?);
    let arguments = tables.arguments.get(tables.records[0].arguments);
    for parameter in definition.task(index).map_or([].as_slice(), TaskInfo::parameters) {
        parameter.check(arguments.text(parameter.name())).map_err(wrong)?;
    }
    let session = Session::new(task.identifier.as_str().into(), tables);
    Ok(Context::new(Arc::new(session), 0, 0, attempt.number))
}

async fn run(definition: &Definition, context: Context) -> TaskResult {
    let mut attempt = Arc::clone(definition.erased()).run_around(context);
    poll_fn(|polled| poll(&mut attempt, polled)).await
}

async fn tell(definition: &Definition, identifier: &str, event: HookEvent) -> Result<(), PerformError> {
    let hook = event.hook();
    match Arc::clone(definition.erased()).run_hook(identifier.into(), event) {
        Some(told) => told.await.map_err(|error| PerformError::Hook { hook, error }),
        None => Ok(()),
    }
}

fn show(hook: &'static str, result: Result<(), BoxError>) {
    if let Err(error) = result {
        tracing::error!(hook, "a hook has failed: {error}");
    }
}
