//! What the worker is told by its store, for the log.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};
use tasktronaut::observer::{Attempt, AttemptEnd, Observer};
use tasktronaut::{BackendError, TaskError, TaskErrorKind};

use super::{gap, name};
use crate::{crash, history};

/// A hook that is about to run.
#[derive(Clone)]
pub struct Begun {
    pub process: String,
    pub scope: usize,
    pub hook: &'static str,
    pub attempt: u32,
}

thread_local! {
    static BEGUN: RefCell<Option<Begun>> = const { RefCell::new(None) };
}

/// The scopes of jobs.
static SCOPES: LazyLock<Mutex<HashMap<(String, usize), usize>>> = LazyLock::new(Mutex::default);

/// The hook that begins on this thread.
pub fn begun() -> Option<Begun> {
    BEGUN.with_borrow_mut(Option::take)
}

/// The scope of a job that has begun here.
pub fn scope(process: &str, job: usize) -> Option<usize> {
    SCOPES.lock().unwrap_or_else(PoisonError::into_inner).get(&(process.to_owned(), job)).copied()
}

/// Writes what it is told into the log.
pub struct Watch;

impl Observer for Watch {
    fn claimed(&self, attempt: &Attempt<'_>) {
        let place = (attempt.identifier().to_owned(), attempt.job());
        SCOPES.lock().unwrap_or_else(PoisonError::into_inner).insert(place, attempt.scope());
        let mut line = line(attempt);
        line["inv"] = json!(history::at(attempt.asked()));
        history::write("claim.ok", line);
        gap::claimed(attempt);
        crash::pass("claimed");
    }

    fn begun(&self, attempt: &Attempt<'_>) {
        let Some(hook) = attempt.hook() else { return };
        let (process, scope) = (attempt.identifier().to_owned(), attempt.scope());
        BEGUN.set(Some(Begun { process, scope, hook, attempt: attempt.attempt() }));
    }

    fn finishing(&self, _: &AttemptEnd<'_>) {
        crash::pass("finishing");
    }

    fn finished(&self, end: &AttemptEnd<'_>) {
        let attempt = end.attempt();
        let mut line = line(attempt);
        line["inv"] = json!(history::at(attempt.asked()));
        line["accepted"] = json!(end.accepted());
        let was_unread = end.error().is_some_and(|error| error.kind() == TaskErrorKind::BadPayload);
        if end.given_back() || (was_unread && end.retry_after().is_some()) {
            history::write("release.ok", line);
            return;
        }
        line["result"] = json!(word(end.error()));
        if let Some(hook) = attempt.hook() {
            line["hook"] = json!(hook);
            line["scope"] = json!(attempt.scope());
            line.as_object_mut().map(|line| line.remove("job"));
            history::write("hook.finish", line);
        } else {
            if let Some(pause) = end.retry_after().and(end.error()).and_then(TaskError::retry_after) {
                line["retry_after_ms"] = json!(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
            }
            history::write("finish.ok", line);
            gap::finished(end);
        }
        crash::pass("finished");
    }

    fn lost(&self, attempt: &Attempt<'_>) {
        history::write("lease.lost", line(attempt));
    }

    fn released(&self, attempt: &Attempt<'_>) {
        let mut line = line(attempt);
        line["inv"] = json!(history::at(attempt.asked()));
        line["accepted"] = json!(true);
        history::write("release.ok", line);
    }

    fn failed(&self, call: &'static str, error: &BackendError) {
        history::write("call.err", json!({ "worker": name(), "call": call, "error": error.to_string() }));
    }
}

fn line(attempt: &Attempt<'_>) -> Value {
    let (process, job) = (attempt.identifier(), attempt.job());
    json!({ "process": process, "job": job, "attempt": attempt.attempt(), "worker": name() })
}

/// The log's word for how an attempt ended.
fn word(error: Option<&TaskError>) -> &'static str {
    match error.map(TaskError::kind) {
        None => "ok",
        Some(TaskErrorKind::Panic) => "panic",
        Some(TaskErrorKind::Timeout) => "timeout",
        Some(TaskErrorKind::Cancel) => "cancel",
        Some(TaskErrorKind::NonRetryable | TaskErrorKind::BadPayload) => "fatal",
        Some(_) => "retry",
    }
}
