//! A panic in a user's code is an ordinary failure of that attempt (`R16`): it is caught here, and nowhere else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::task::{TaskFuture, TaskResult};
use crate::words::error::{TaskError, TaskErrorKind};

/// Runs the user's code; a panic in it becomes an error.
pub(crate) fn unwound<T>(run: impl FnOnce() -> T) -> Result<T, TaskError> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_error(&*panic))
}

/// Polls an attempt; a panic in it is its end.
pub(crate) fn poll(attempt: &mut TaskFuture, context: &mut Context<'_>) -> Poll<TaskResult> {
    match unwound(|| attempt.as_mut().poll(context)) {
        Ok(poll) => poll,
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

fn panic_error(panic: &(dyn Any + Send)) -> TaskError {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = format!("panicked: {}", text.unwrap_or("with a value that is no text"));
    TaskError::of_kind(TaskErrorKind::Panic, text)
}
