//! [`Limit`]: how long one operation may take, whatever it is that it waits for.

use std::fmt::Display;
use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout_at;

use super::fault::failed;
use crate::backend::BackendError;
use crate::words::clock::Deadline;

/// What most operations wait for.
pub(super) const ANSWER: &str = "the answer";

/// How long one operation may take: waiting for a free connection, making one, and the answer, all together.
pub(super) struct Limit {
    operation: &'static str,
    length: Duration,
    /// None where the length is beyond what can be counted.
    end: Option<Deadline>,
}

/// An operation has taken too long.
#[derive(Debug, Error)]
#[error(
    "{what} took longer than `timeout` ({limit:?}); see whether the server is stopped or overloaded, or give it more \
     time: `timeout=60` in the URL, or `PostgresOptions::timeout`"
)]
struct Late {
    what: String,
    limit: Duration,
}

impl Limit {
    /// The limit of an operation that begins now, as in "claim jobs".
    pub(super) fn of(operation: &'static str, length: Duration) -> Self {
        Self { operation, length, end: Deadline::after(length) }
    }

    /// What the operation is.
    pub(super) fn operation(&self) -> &'static str {
        self.operation
    }

    /// What comes of `work`, unless the time is up before; `what` says what takes so long.
    pub(super) async fn hold<T>(
        &self,
        what: impl Display,
        work: impl Future<Output = T>,
    ) -> Result<T, BackendError> {
        let Some(end) = self.end else { return Ok(work.await) };
        let late = |_| failed(self.operation, Late { what: what.to_string(), limit: self.length });
        timeout_at(end.instant().into(), work).await.map_err(late)
    }
}
