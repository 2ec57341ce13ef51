//! Changing one process as a whole, under a lock.
//!
//! The lock is a token in the row of the process, with its end in the head. Until then no script changes the process; when it has
//! run out, whoever comes next may take it, and the revision that was too slow is refused.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::bytes::{Packed, millis};
use super::error::contended;
use super::reply::{number, tuple};
use super::row::{jobs, meetings, process, state_code};
use super::scripts::{APPLY, TAKE, UNLOCK};
use super::shared::Shared;
use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::backend::store::{Changes, JobUpdate, Key, Reviser, Snapshot};
use crate::words::clock::Deadline;

/// How long a lock lasts, in milliseconds.
const LOCK: u64 = 5_000;
/// How long after a failure it is tried again to give one back.
const AGAIN: Duration = Duration::from_millis(50);
/// How long a second one is waited for: longer than a lock that nobody gives back.
const PAUSE: Duration = Duration::from_millis(3);
const PATIENCE: usize = 4_000;

const WHAT: &str = "revise a process";

impl Shared {
    pub(super) async fn revise_with<T: Send + 'static>(
        self: &Arc<Self>,
        key: Key,
        change: Reviser<T>,
    ) -> Result<Option<T>, BackendError> {
        let token = WorkerId::random().to_string();
        let revised = self.revise_locked(key, &token, change).await;
        if matches!(revised, Err(BackendError::Store { .. })) {
            // Nobody knows whether the lock was taken, or given back.
            let (shared, token) = (Arc::clone(self), token);
            tokio::spawn(async move { shared.unlock_at_last(key, &token).await });
        }
        revised
    }

    async fn revise_locked<T: Send + 'static>(
        &self,
        key: Key,
        token: &str,
        change: Reviser<T>,
    ) -> Result<Option<T>, BackendError> {
        let Some(rows) = self.take(key, token).await? else {
            return Ok(None);
        };
        let revised = snapshot(key, rows).and_then(|snapshot| change.revise(&snapshot));
        let (changes, answer) = match revised {
            Ok(revised) => revised,
            Err(error) => {
                self.unlock(key, token).await;
                return Err(error);
            }
        };
        if is_empty(&changes) {
            self.unlock(key, token).await;
            return Ok(Some(answer));
        }
        self.apply(key, token, &changes).await?;
        Ok(Some(answer))
    }

    /// Takes the lock and reads the process; nothing when there is none.
    async fn take(&self, key: Key, token: &str) -> Result<Option<Value>, BackendError> {
        let id = key.to_be_bytes();
        let lock = LOCK.to_string();
        let arguments = [&id[..], token.as_bytes(), lock.as_bytes()];
        for _ in 0..PATIENCE {
            match self.work.run(WHAT, &TAKE, &self.keys, &arguments).await? {
                Value::Nil => return Ok(None),
                Value::Int(_) => tokio::time::sleep(PAUSE).await,
                rows => return Ok(Some(rows)),
            }
        }
        Err(contended(WHAT, "somebody else is revising it all the time"))
    }

    async fn apply(&self, key: Key, token: &str, changes: &Changes) -> Result<(), BackendError> {
        let id = key.to_be_bytes();
        let process = changes.process.as_ref();
        let mut head = Packed::default();
        if let Some(process) = process {
            head.byte(process.phase.code());
            head.byte(process.outcome.unwrap_or(0));
            head.long(process.deadline.map_or(0, |deadline| millis(deadline) + 1));
        }
        let memo = process.map_or(&[][..], |process| &process.memo);
        let mut packed = Packed::default();
        for job in &changes.jobs {
            pack(job, &mut packed);
        }
        let mut counts = Packed::default();
        for (node, count) in &changes.meetings {
            counts.node(*node);
            counts.word(*count);
        }
        let arguments = [&id[..], token.as_bytes(), &head.0, memo, &packed.0, &counts.0];
        let answer = self.work.run(WHAT, &APPLY, &self.keys, &arguments).await?;
        match number("the answer to a revision", answer)? {
            1 => Ok(()),
            _ => Err(contended(
                WHAT,
                "it took so long that somebody else may have changed the process meanwhile",
            )),
        }
    }

    /// Gives the lock back; when that fails it runs out by itself.
    async fn unlock(&self, key: Key, token: &str) {
        if let Err(error) = self.try_unlock(key, token).await {
            tracing::debug!(%error, key, "the lock of a process is left to run out");
        }
    }

    /// Gives the lock back as soon as the server can be reached again, unless it has run out by then.
    async fn unlock_at_last(&self, key: Key, token: &str) {
        let until = Deadline::after(Duration::from_millis(LOCK));
        while self.try_unlock(key, token).await.is_err() && !until.is_some_and(Deadline::has_passed) {
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn try_unlock(&self, key: Key, token: &str) -> Result<Value, BackendError> {
        let id = key.to_be_bytes();
        self.work.run(WHAT, &UNLOCK, &self.keys, &[&id[..], token.as_bytes()]).await
    }
}

fn snapshot(key: Key, rows: Value) -> Result<Snapshot, BackendError> {
    let [row, records, notes, counts] = tuple("a process", rows)?;
    Ok(Snapshot {
        process: process(key, row)?,
        jobs: jobs(key, records, notes)?,
        meetings: meetings(key, counts)?,
    })
}

fn is_empty(changes: &Changes) -> bool {
    changes.process.is_none() && changes.jobs.is_empty() && changes.meetings.is_empty()
}

fn pack(job: &JobUpdate, packed: &mut Packed) {
    packed.node(job.node);
    packed.route(job.route);
    packed.byte(state_code(job.state));
    packed.long(job.due.map_or(0, millis));
    for number in [job.attempt, job.nonce, job.failed, job.lost, job.undecoded] {
        packed.word(number);
    }
    packed.length_of(job.event.as_ref());
    packed.length_of(job.error.as_ref());
    packed.bytes(job.event.as_deref().unwrap_or_default());
    packed.bytes(job.error.as_deref().unwrap_or_default());
}
