//! What hooks do, and say that they do.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use serde_json::json;
use tasktronaut::{Context, HookFuture};

use super::{name, watch};
use crate::{crash, history};

/// The hook that this thread has just been told to begin.
pub fn run() -> HookFuture<'static> {
    let Some(begun) = watch::begun() else {
        panic!("nobody said which hook begins");
    };
    let line = json!({ "process": begun.process, "scope": begun.scope, "hook": begun.hook,
        "attempt": begun.attempt, "worker": name() });
    history::write("hook.start", line);
    crash::pass("hook-started");
    let mut hasher = DefaultHasher::new();
    (&begun.process, begun.scope, begun.hook).hash(&mut hasher);
    // Some fail once, some panic once, some never succeed.
    let (fate, is_first) = (hasher.finish() % 20, begun.attempt == 1);
    Box::pin(async move {
        tokio::time::sleep(Duration::from_millis(fate % 4)).await;
        crash::pass("hook-ended");
        match fate {
            0 => Err("this hook never works".into()),
            1 if is_first => Err("this hook works later".into()),
            2 if is_first => panic!("this hook panics once"),
            _ => Ok(()),
        }
    })
}

/// An attempt has failed.
pub fn task_failed(context: &Context) -> HookFuture<'static> {
    let (process, job) = (context.identifier(), context.job());
    let line = json!({ "process": process, "scope": watch::scope(process, job), "hook": "on_task_failed",
        "attempt": context.attempt(), "worker": name(), "job": job });
    history::write("hook.start", line);
    Box::pin(std::future::ready(Ok(())))
}
