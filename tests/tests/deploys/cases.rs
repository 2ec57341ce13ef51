//! What R17 promises of each kind of change, from both sides.

use tasktronaut::prelude::*;
use tasktronaut::{JobState, TaskErrorKind};
use tokio::time::timeout;

use crate::program::{PATIENCE, Release, kill, terminate};

/// What changes from the old release to the new one; the programs say how.
const KINDS: [&str; 7] = ["added", "removed", "defaulted", "dropped", "renamed", "aliased", "retyped"];

/// Looks at processes, and has no definitions.
struct Onlooker(Client<AnyBackend>);

impl Onlooker {
    async fn of(url: &str) -> Self {
        Self(Client::new(&AnyBackend::open(url).await.expect("the store can be opened")))
    }

    /// Waits until a process has completed.
    async fn completed(&self, identifier: &str) {
        let outcome = timeout(PATIENCE, self.0.handle(identifier).outcome()).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("{identifier} does not end"));
        assert!(matches!(outcome, Ok(Outcome::Completed)), "{identifier}: {outcome:?}");
    }

    /// The names and states of a process's tasks.
    async fn tasks(&self, identifier: &str) -> Vec<(String, JobState)> {
        let status = self.0.handle(identifier).status().await.expect("the process is there");
        status.tasks().map(|job| (job.name.to_string(), job.state)).collect()
    }

    /// The last task of a process is put back: nothing has failed, and nothing is charged.
    async fn is_put_back(&self, identifier: &str) {
        let status = self.0.handle(identifier).status().await.expect("the process is there");
        assert!(status.outcome.is_none(), "{identifier}: {status:?}");
        let job = status.tasks().last().expect("it has a task");
        assert_eq!(job.failed, 0, "{identifier}: {job:?}");
        let kind = job.error.as_ref().map(|error| error.kind());
        assert_eq!(kind, Some(TaskErrorKind::BadPayload), "{identifier}: {job:?}");
    }
}

fn tasks(names: &[(&str, JobState)]) -> Vec<(String, JobState)> {
    names.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect()
}

pub async fn what_an_old_client_enqueues_is_run_by_new_workers(url: &str) {
    let onlooker = Onlooker::of(url).await;
    for kind in KINDS {
        Release::Old.enqueue(url, kind, kind);
    }
    let mut new = Release::New.work(url);
    // A task that was added later is not in the plan; one that was removed waits for a program that has it.
    onlooker.completed("added").await;
    assert_eq!(onlooker.tasks("added").await.len(), 2);
    assert!(!new.has_said("ran added extra"));
    new.until("unroutable deploys::Removed extra");
    let waits = [("first", JobState::Succeeded), ("extra", JobState::Ready), ("last", JobState::Blocked)];
    assert_eq!(onlooker.tasks("removed").await, tasks(&waits));
    // What is not there is filled in; what nobody reads is left; an alias is read.
    new.until("ran defaulted last 7");
    new.until("ran dropped last");
    new.until("ran aliased last one");
    for kind in ["defaulted", "dropped", "aliased"] {
        onlooker.completed(kind).await;
    }
    // What cannot be read is put back.
    assert!(new.until("put back renamed last bad_payload").contains("`title` is missing"));
    assert!(new.until("put back retyped last bad_payload").contains("`size` has the wrong type"));
    onlooker.is_put_back("renamed").await;
    onlooker.is_put_back("retyped").await;
    // The deploy is taken back, and the old program has everything that the new one could not do.
    terminate(new);
    let mut old = Release::Old.work(url);
    for kind in KINDS {
        onlooker.completed(kind).await;
    }
    for line in ["ran removed extra", "ran removed last", "ran renamed last one", "ran retyped last 1"] {
        old.until(line);
    }
    terminate(old);
}

pub async fn what_a_new_client_enqueues_is_seen_by_old_workers(url: &str) {
    let onlooker = Onlooker::of(url).await;
    let mut old = Release::Old.work(url);
    for kind in KINDS {
        Release::New.enqueue(url, kind, kind);
    }
    // The plan is that of the new program: the old one does what it knows of it.
    old.until("unroutable deploys::Added extra");
    let waits = [("first", JobState::Succeeded), ("extra", JobState::Ready), ("last", JobState::Blocked)];
    assert_eq!(onlooker.tasks("added").await, tasks(&waits));
    onlooker.completed("removed").await;
    assert_eq!(onlooker.tasks("removed").await.len(), 2);
    onlooker.completed("defaulted").await;
    for (kind, reason) in [
        ("dropped", "`note` is missing"),
        ("renamed", "`name` is missing"),
        ("aliased", "`album` has the wrong type"),
        ("retyped", "`size` has the wrong type"),
    ] {
        let line = old.until(&format!("put back {kind} last bad_payload"));
        assert!(line.contains(reason), "{line}");
        onlooker.is_put_back(kind).await;
    }
    // The deploy goes on.
    terminate(old);
    let mut new = Release::New.work(url);
    for kind in KINDS {
        onlooker.completed(kind).await;
    }
    for line in ["ran added extra", "ran dropped last", "ran renamed last two", "ran aliased last two"] {
        new.until(line);
    }
    new.until("ran retyped last two");
    terminate(new);
}

pub async fn old_and_new_programs_run_side_by_side(url: &str) {
    let onlooker = Onlooker::of(url).await;
    let (mut old, mut new) = (Release::Old.work(url), Release::New.work(url));
    for kind in ["added", "removed", "defaulted"] {
        Release::Old.enqueue(url, kind, &format!("{kind}-old"));
        Release::New.enqueue(url, kind, &format!("{kind}-new"));
    }
    Release::Old.enqueue(url, "retyped", "retyped-old");
    for (identifier, tasks) in [
        ("added-old", 2),
        ("added-new", 3),
        ("removed-old", 3),
        ("removed-new", 2),
        ("defaulted-old", 1),
        ("defaulted-new", 1),
        ("retyped-old", 1),
    ] {
        onlooker.completed(identifier).await;
        assert_eq!(onlooker.tasks(identifier).await.len(), tasks, "{identifier}");
    }
    // Each job was run by a program that knows it, whoever else has seen it.
    old.until("ran removed-old extra");
    new.until("ran added-new extra");
    old.until("ran retyped-old last 1");
    for mut worker in [old, new] {
        assert!(!worker.has_said("failed"));
        terminate(worker);
    }
}

pub async fn an_old_worker_is_told_to_stop_in_the_middle(url: &str) {
    let onlooker = Onlooker::of(url).await;
    let mut old = Release::Old.hold(url);
    Release::Old.enqueue(url, "added", "added");
    old.until("ran added first");
    let mut new = Release::New.work(url);
    terminate(old);
    onlooker.completed("added").await;
    new.until("ran added first");
    new.until("ran added last");
    assert!(!new.has_said("ran added extra"), "the plan is that of the old program");
    // It was given back: nobody has lost it, and nothing is charged (R18).
    let status = onlooker.0.handle("added").status().await.expect("the process is there");
    let first = status.tasks().next().expect("it has a task");
    assert_eq!((first.failed, first.lost), (0, 0), "{first:?}");
    terminate(new);
}

pub async fn an_old_worker_is_killed_in_the_middle(url: &str) {
    let onlooker = Onlooker::of(url).await;
    let mut old = Release::Old.hold(url);
    for kind in ["added", "removed"] {
        Release::Old.enqueue(url, kind, kind);
        old.until(&format!("ran {kind} first"));
    }
    kill(old);
    let mut new = Release::New.work(url);
    onlooker.completed("added").await;
    assert!(!new.has_said("ran added extra"), "the plan is that of the old program");
    // Nobody is left who knows what follows; it is not failed, but kept.
    new.until("ran added last");
    new.until("ran removed first");
    assert!(!new.has_said("failed"));
    let status = onlooker.0.handle("removed").status().await.expect("the process is there");
    let first = status.tasks().next().expect("it has a task");
    assert_eq!((first.failed, first.lost), (0, 1), "{first:?}");
    assert!(status.outcome.is_none(), "{status:?}");
    let mut old = Release::Old.work(url);
    onlooker.completed("removed").await;
    old.until("ran removed extra");
    terminate(old);
    terminate(new);
}

pub async fn what_nobody_can_read_fails_in_the_end(url: &str) {
    let onlooker = Onlooker::of(url).await;
    Release::Old.enqueue(url, "retyped", "stale");
    let mut new = Release::New.work_impatiently(url);
    let outcome = timeout(PATIENCE, onlooker.0.handle("stale").outcome()).await.expect("it ends");
    assert!(matches!(outcome, Ok(Outcome::Failed(_))), "{outcome:?}");
    new.until("put back stale last bad_payload");
    new.until("failed stale last bad_payload");
    let status = onlooker.0.handle("stale").status().await.expect("the process is there");
    let error = status.tasks().last().and_then(|job| job.error.clone()).expect("the job has failed");
    assert_eq!(error.kind(), TaskErrorKind::BadPayload, "{error}");
    // The worker lives, and once somebody has a program that can read it, the process goes on.
    Release::New.enqueue(url, "retyped", "fresh");
    onlooker.completed("fresh").await;
    terminate(new);
    let mut old = Release::Old.work(url);
    onlooker.0.handle("stale").retry_failed().await.expect("it may go on");
    onlooker.completed("stale").await;
    old.until("ran stale last 1");
    terminate(old);
}
