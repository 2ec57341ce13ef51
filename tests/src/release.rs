//! What the programs `release_1` and `release_2` share: a client and a worker, who say what they do.
//!
//! `release_N enqueue URL KIND IDENTIFIER` enqueues a process, and says the answer.
//! `release_N work URL PUT_BACKS free|hold` works until it is told to stop, or its input ends; one that holds never gets
//! past the task `first`.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tasktronaut::backend::Unroutable;
use tasktronaut::observer::{AttemptEnd, Observer};
use tasktronaut::prelude::*;

use crate::program::end_with_the_input;

/// Short, so that what nobody can do is soon reported, and what a dead worker held is soon taken back.
const LEASE: Duration = Duration::from_millis(800);
/// How long running jobs may take at a shutdown.
const GRACE: Duration = Duration::from_millis(100);

static HOLDS: AtomicBool = AtomicBool::new(false);

/// Runs a release, in which `build` makes a process of a kind and an identifier.
pub async fn main(build: fn(&str, &str) -> Result<Process, BuildError>) -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["enqueue", url, kind, identifier] => {
            let handle = build(kind, identifier)?.enqueue(&AnyBackend::open(url).await?).await?;
            println!("{:?}", handle.enqueued());
            Ok(())
        }
        ["work", url, put_backs, hold] => {
            HOLDS.store(*hold == "hold", Ordering::Relaxed);
            end_with_the_input();
            let worker = Worker::new(AnyBackend::open(url).await?).put_backs(put_backs.parse()?);
            worker.lease(LEASE).grace(GRACE).observer(Tell).run().await?;
            Ok(())
        }
        _ => Err("a release is told to enqueue or to work".into()),
    }
}

/// What the task `first` of every kind does.
pub async fn first(context: &Context) {
    ran(context, "");
    if HOLDS.load(Ordering::Relaxed) {
        pending::<()>().await;
    }
}

/// Says that a task runs, and what with.
pub fn ran(context: &Context, arguments: &str) {
    println!("ran {} {} {arguments}", context.identifier(), context.task());
}

/// Says what happens to jobs that this release cannot do.
struct Tell;

impl Observer for Tell {
    fn finished(&self, end: &AttemptEnd<'_>) {
        let Some(error) = end.error() else { return };
        let what = if end.retry_after().is_some() { "put back" } else { "failed" };
        let (identifier, task) = (end.attempt().identifier(), end.attempt().task().unwrap_or_default());
        println!("{what} {identifier} {task} {}: {error}", error.kind().as_str());
    }

    fn unroutable(&self, jobs: &Unroutable) {
        println!("unroutable {} {}", jobs.definition, jobs.task.as_deref().unwrap_or_default());
    }
}
