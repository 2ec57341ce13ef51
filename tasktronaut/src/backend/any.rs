//! [`AnyBackend`]: a backend that is chosen by a URL when the program runs.

use std::sync::Arc;

use super::record::{
    CancelAnswer, Claimed, Enqueued, Events, Finished, LostClaim, Membership, ProcessFilter, ProcessPage,
    ProcessStatus, Pulse, WorkerId,
};
use super::{Backend, BackendError, Capability, EnqueueError, Exchanged, LocalBackend};
use crate::plan::{Outcome, Plan};

/// A backend that is chosen by a URL when the program runs, say from its configuration.
///
/// | URL | backend | feature |
/// |---|---|---|
/// | `memory:` | [`LocalBackend`] | |
/// | `sqlite:album.db`, `sqlite:///var/lib/album.db` | `SqliteBackend` | `sqlite` |
/// | `postgres://user@host/database` | `PostgresBackend` | `postgres` |
/// | `redis://host:6379/0`, `redis+unix:///run/redis.sock`, the same with `valkey` | `RedisBackend` | `redis` |
///
/// ```
/// use tasktronaut::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let url = std::env::var("ALBUM_STORE").unwrap_or_else(|_| "memory:".into());
/// let backend = AnyBackend::open(&url).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AnyBackend {
    /// `memory:`
    Memory(LocalBackend),
    /// `sqlite:..`
    #[cfg(feature = "sqlite")]
    Sqlite(super::SqliteBackend),
    /// `postgres://..`
    #[cfg(feature = "postgres")]
    Postgres(super::PostgresBackend),
    /// `redis://..`
    #[cfg(feature = "redis")]
    Redis(super::RedisBackend),
}

impl AnyBackend {
    /// Opens the backend of a URL. A password in it is shown in no error.
    pub async fn open(url: &str) -> Result<Self, BackendError> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "memory" if url == "memory:" => Ok(Self::Memory(LocalBackend::new())),
            "memory" => Err(refused(
                "what is kept in memory has neither a place nor options; the whole URL is `memory:`"
                    .to_owned(),
            )),
            "sqlite" => open_sqlite(url).await,
            "postgres" | "postgresql" => open_postgres(url).await,
            "redis" | "rediss" | "redis+unix" | "unix" | "valkey" | "valkeys" | "valkey+unix" => {
                open_redis(url).await
            }
            _ => Err(refused(format!(
                "no backend has URLs that begin with `{}`; there are `memory:`, `sqlite:`, `postgres:` and `redis:`",
                scheme.chars().take(20).collect::<String>()
            ))),
        }
    }
}

fn refused(reason: String) -> BackendError {
    BackendError::Refused { backend: "the URL", reason }
}

/// The error of a backend that this program was built without.
#[allow(dead_code)] // with all features there is none
fn left_out(feature: &str) -> BackendError {
    refused(format!(
        "this program was built without it: `cargo add tasktronaut --features {feature}` brings the backend"
    ))
}

#[cfg(feature = "sqlite")]
#[allow(clippy::unused_async)] // like its siblings
async fn open_sqlite(url: &str) -> Result<AnyBackend, BackendError> {
    Ok(AnyBackend::Sqlite(super::SqliteBackend::open(url)?))
}

#[cfg(not(feature = "sqlite"))]
#[allow(clippy::unused_async)] // like its siblings
async fn open_sqlite(_: &str) -> Result<AnyBackend, BackendError> {
    Err(left_out("sqlite"))
}

#[cfg(feature = "postgres")]
async fn open_postgres(url: &str) -> Result<AnyBackend, BackendError> {
    Ok(AnyBackend::Postgres(super::PostgresBackend::open(url).await?))
}

#[cfg(not(feature = "postgres"))]
#[allow(clippy::unused_async)] // like its siblings
async fn open_postgres(_: &str) -> Result<AnyBackend, BackendError> {
    Err(left_out("postgres"))
}

#[cfg(feature = "redis")]
async fn open_redis(url: &str) -> Result<AnyBackend, BackendError> {
    Ok(AnyBackend::Redis(super::RedisBackend::open(url).await?))
}

#[cfg(not(feature = "redis"))]
#[allow(clippy::unused_async)] // like its siblings
async fn open_redis(_: &str) -> Result<AnyBackend, BackendError> {
    Err(left_out("redis"))
}

/// Asks whichever backend it is.
macro_rules! ask {
    ($any:expr, $backend:ident => $answer:expr) => {
        match $any {
            AnyBackend::Memory($backend) => $answer,
            #[cfg(feature = "sqlite")]
            AnyBackend::Sqlite($backend) => $answer,
            #[cfg(feature = "postgres")]
            AnyBackend::Postgres($backend) => $answer,
            #[cfg(feature = "redis")]
            AnyBackend::Redis($backend) => $answer,
        }
    };
}

impl Backend for AnyBackend {
    fn capability(&self) -> Capability {
        ask!(self, backend => backend.capability())
    }

    async fn enqueue(&self, plans: Vec<Arc<Plan>>) -> Vec<Result<Enqueued, EnqueueError>> {
        ask!(self, backend => backend.enqueue(plans).await)
    }

    async fn cancel(&self, identifier: &str, reason: &str) -> Result<CancelAnswer, BackendError> {
        ask!(self, backend => backend.cancel(identifier, reason).await)
    }

    async fn retry_failed(&self, identifier: &str) -> Result<(), BackendError> {
        ask!(self, backend => backend.retry_failed(identifier).await)
    }

    async fn pause(&self, identifier: &str, paused: bool) -> Result<(), BackendError> {
        ask!(self, backend => backend.pause(identifier, paused).await)
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        ask!(self, backend => backend.pause_queue(queue, paused).await)
    }

    async fn delete(&self, identifier: &str) -> Result<(), BackendError> {
        ask!(self, backend => backend.delete(identifier).await)
    }

    async fn plan(&self, identifier: &str) -> Result<Arc<Plan>, BackendError> {
        ask!(self, backend => backend.plan(identifier).await)
    }

    async fn status(&self, identifier: &str) -> Result<ProcessStatus, BackendError> {
        ask!(self, backend => backend.status(identifier).await)
    }

    async fn list(&self, filter: &ProcessFilter) -> Result<ProcessPage, BackendError> {
        ask!(self, backend => backend.list(filter).await)
    }

    async fn outcome(&self, identifier: &str) -> Result<Outcome, BackendError> {
        ask!(self, backend => backend.outcome(identifier).await)
    }

    async fn watch(&self, identifier: &str) -> Result<Events, BackendError> {
        ask!(self, backend => backend.watch(identifier).await)
    }

    async fn join(&self, worker: WorkerId, membership: Membership) -> Result<(), BackendError> {
        ask!(self, backend => backend.join(worker, membership).await)
    }

    async fn exchange(
        &self,
        worker: WorkerId,
        finished: &mut Vec<Finished>,
        wanted: usize,
        claimed: &mut Vec<Claimed>,
    ) -> Result<Exchanged, BackendError> {
        ask!(self, backend => backend.exchange(worker, finished, wanted, claimed).await)
    }

    async fn beat(&self, worker: WorkerId, renew: bool) -> Result<Pulse, BackendError> {
        ask!(self, backend => backend.beat(worker, renew).await)
    }

    async fn leave(&self, worker: WorkerId) -> Result<Vec<LostClaim>, BackendError> {
        ask!(self, backend => backend.leave(worker).await)
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn refusal(url: &str) -> String {
        let open = std::pin::pin!(AnyBackend::open(url));
        match open.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) => error.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_url_is_refused_without_showing_it() {
        assert_eq!(
            refusal("mysql://user:secret@host/db"),
            "the URL cannot be used: no backend has URLs that begin with `mysql`; \
             there are `memory:`, `sqlite:`, `postgres:` and `redis:`"
        );
    }

    #[test]
    fn memory_has_nothing_more_to_say() {
        assert!(refusal("memory:").contains("Ok(Memory"));
        for wrong in ["memory", "memory://x", "memory:album", "memory:?size=3"] {
            assert!(refusal(wrong).contains("the whole URL is `memory:`"), "{wrong}");
        }
    }

    #[cfg(all(feature = "postgres", feature = "redis"))]
    #[test]
    fn encryption_that_is_not_built_in_is_refused() {
        for url in ["rediss://:secret@h", "valkeys://:secret@h", "postgres://a:secret@h/b?sslmode=require"] {
            let told = refusal(url);
            assert!(told.contains("not built in") && !told.contains("secret"), "{told}");
        }
    }

    #[cfg(not(feature = "sqlite"))]
    #[test]
    fn a_backend_that_was_left_out_says_how_to_get_it() {
        assert!(refusal("sqlite:album.db").contains("cargo add tasktronaut --features sqlite"));
    }
}
