//! What tasks do, and say that they do.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tasktronaut::{
    CancelProcessError, Context, NonRetryableProcessError, RetryAfter, TaskError, TaskFuture, TaskResult,
};

use super::name;
use crate::script::{How, TIMEOUT_MS, Work};
use crate::{crash, history};

/// The pause that an error asks for.
const PAUSE: Duration = Duration::from_millis(60);
/// How often a plain task looks whether it has taken too long.
const LOOK: Duration = Duration::from_millis(2);

/// One attempt that has begun.
struct Attempt {
    line: Value,
    begun: Instant,
    limit: Option<Duration>,
    has_ended: bool,
}

impl Attempt {
    fn begin(context: &Context, limit: Option<Duration>) -> Self {
        let (process, job, attempt) = (context.identifier(), context.job(), context.attempt());
        let line = json!({ "process": process, "job": job, "attempt": attempt, "worker": name() });
        history::write("job.start", line.clone());
        Self { line, begun: Instant::now(), limit, has_ended: false }
    }

    fn is_late(&self) -> bool {
        self.limit.is_some_and(|limit| self.begun.elapsed() >= limit)
    }

    fn end(&mut self, result: &str) {
        self.has_ended = true;
        let mut line = self.line.clone();
        line["result"] = json!(result);
        history::write("job.end", line);
        crash::pass("body-ended");
    }

    /// What comes after the time that it takes.
    fn conclude(mut self, how: How) -> TaskResult {
        crash::pass("before-effect");
        if how != How::Late {
            history::write("effect", self.line.clone());
            crash::pass("after-effect");
        }
        let (word, result) = match how {
            How::Well => ("ok", Ok(())),
            How::Error => ("retry", Err(TaskError::new("it did not work"))),
            How::RetryAfter => ("retry", Err(TaskError::new(RetryAfter::new(PAUSE, "not now")))),
            How::Fatal => ("fatal", Err(TaskError::new(NonRetryableProcessError::new("never")))),
            How::Cancel => ("cancel", Err(TaskError::new(CancelProcessError::new("not needed any more")))),
            How::Late if self.is_late() => ("timeout", Err(TaskError::new("it took too long"))),
            // It was told to stop before.
            How::Late => ("retry", Err(TaskError::new("it was stopped"))),
            How::Panic => {
                self.end("panic");
                panic!("as the script wants");
            }
        };
        self.end(word);
        result
    }
}

impl Drop for Attempt {
    /// One that is dropped because it takes too long says so; any other says nothing.
    fn drop(&mut self) {
        if !self.has_ended && self.is_late() {
            self.end("timeout");
        }
    }
}

fn how(work: Work, context: &Context) -> How {
    if context.attempt() <= work.times { work.first } else { How::Well }
}

/// How long the work takes, from now.
fn duration(work: Work, how: How) -> Duration {
    if how == How::Late {
        return Duration::from_millis(2 * TIMEOUT_MS);
    }
    let plain = Duration::from_millis(work.ms);
    if work.align_ms == 0 {
        return plain;
    }
    let (step, now) = (work.align_ms * 1_000_000, history::now());
    let earliest = now + work.ms * 1_000_000;
    Duration::from_nanos(earliest.div_ceil(step) * step - now)
}

pub fn plain(context: &Context, limit: Option<Duration>, work: Work) -> TaskResult {
    let attempt = Attempt::begin(context, limit);
    let how = how(work, context);
    let over = Instant::now() + duration(work, how);
    loop {
        let left = over.saturating_duration_since(Instant::now());
        if left.is_zero() || (how == How::Late && context.is_cancelled()) {
            return attempt.conclude(how);
        }
        std::thread::sleep(if how == How::Late { left.min(LOOK) } else { left });
    }
}

pub fn asynchronous(context: &Context, limit: Option<Duration>, work: Work) -> TaskFuture {
    let attempt = Attempt::begin(context, limit);
    let how = how(work, context);
    Box::pin(async move {
        tokio::time::sleep(duration(work, how)).await;
        attempt.conclude(how)
    })
}
