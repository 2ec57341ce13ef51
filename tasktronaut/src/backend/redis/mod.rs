//! [`RedisStore`]: processes in a Redis or Valkey server, for workers on many hosts.
//!
//! - Every operation is one script, which the server runs alone: all checks first, then the writes.
//! - The server's clock counts.
//! - What is acknowledged survives the end of every program, and a power cut of the server if its append-only file is
//!   written with `appendfsync always`. **A failover to a replica may lose acknowledged writes.**
//! - Works with Redis 6.2 and newer, and Valkey. A namespace lives on one node of a cluster.
//!
//! What is kept, and under which names: `keys.rs`. What a script does: the head of each file in `scripts`.

mod admin;
mod bytes;
mod direct;
mod enqueue;
mod error;
mod exchange;
mod keys;
mod leases;
mod link;
mod open;
mod options;
mod outbox;
mod random;
mod read;
mod reply;
mod revise;
mod row;
mod scripts;
mod shared;
mod wake;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use options::RedisOptions;

use super::Durable;
use super::record::WorkerId;
use super::store::{
    Beat, End, Exchange, Fence, JobRow, Key, ListFilter, Listener, NewProcess, PlanRow, ProcessRow,
    Retention, Reviser, RouteId, Store, Stored, Stray, Wake,
};
use super::{BackendError, Capability};
use shared::Shared;

/// Processes in a Redis or Valkey server. A clone is another handle on the same store.
///
/// Connections that are lost are made anew, and what was under way is sent once more. It fails where the server cannot be
/// reached then, or where the new connection is lost, too; nobody knows then whether it was done, and it may be sent again.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

impl RedisStore {
    /// Opens the store of a URL: see [`RedisOptions`].
    ///
    /// Refuses a server older than 6.2, one that may evict keys, and a namespace of another version. Warns of a server
    /// whose append-only file is weak.
    pub async fn open(url: &str) -> Result<Self, BackendError> {
        Self::open_with(RedisOptions::parse(url)?).await
    }

    /// Opens a store.
    pub async fn open_with(options: RedisOptions) -> Result<Self, BackendError> {
        let shared = Arc::new(Shared::open(options).await?);
        shared.run(wake::publish(Arc::downgrade(&shared)));
        Ok(Self { shared })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisStore").field(&self.shared.shown).finish()
    }
}

impl Store for RedisStore {
    fn capability(&self) -> Capability {
        Capability::REDIS
    }

    async fn enqueue(&self, processes: Arc<[NewProcess]>) -> Result<Vec<Stored>, BackendError> {
        self.shared.enqueue_all(&processes).await
    }

    async fn join(
        &self,
        worker: WorkerId,
        routes: Vec<RouteId>,
        lease: Duration,
    ) -> Result<(), BackendError> {
        self.shared.enter(worker, &routes, lease).await
    }

    async fn exchange(
        &self,
        worker: WorkerId,
        ends: Vec<End>,
        wanted: usize,
    ) -> Result<Exchange, BackendError> {
        self.shared.exchange_all(worker, &ends, wanted).await
    }

    async fn plans(&self, keys: &[Key]) -> Result<Vec<Option<PlanRow>>, BackendError> {
        self.shared.plans_of(keys).await
    }

    async fn revise<T: Send + 'static>(
        &self,
        key: Key,
        change: Reviser<T>,
    ) -> Result<Option<T>, BackendError> {
        let shared = Arc::clone(&self.shared);
        // Whoever asks may stop waiting half-way; the lock is given back all the same.
        let revision = tokio::spawn(async move { shared.revise_with(key, change).await });
        match revision.await {
            Ok(answer) => answer,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(BackendError::Closed),
            },
        }
    }

    async fn beat(&self, worker: WorkerId, renew: bool, max_lost: u32) -> Result<Beat, BackendError> {
        self.shared.sign_of_life(worker, renew, max_lost).await
    }

    async fn give_back(
        &self,
        worker: WorkerId,
        fences: Option<Vec<Fence>>,
    ) -> Result<Vec<Fence>, BackendError> {
        self.shared.return_jobs(worker, fences).await
    }

    async fn find(&self, identifier: &str) -> Result<Option<ProcessRow>, BackendError> {
        self.shared.find_one(identifier).await
    }

    async fn jobs(&self, key: Key) -> Result<Vec<JobRow>, BackendError> {
        self.shared.jobs_of(key).await
    }

    async fn list(&self, filter: &ListFilter) -> Result<Vec<ProcessRow>, BackendError> {
        self.shared.list_some(filter).await
    }

    async fn pause_process(&self, key: Key, paused: bool) -> Result<bool, BackendError> {
        self.shared.set_paused(key, paused).await
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        self.shared.set_queue_paused(queue, paused).await
    }

    async fn paused_queues(&self) -> Result<Vec<String>, BackendError> {
        self.shared.paused_queues().await
    }

    async fn delete(&self, key: Key, only_ended: bool) -> Result<bool, BackendError> {
        self.shared.remove(key, only_ended).await
    }

    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize, BackendError> {
        self.shared.sweep_some(retention, limit).await
    }

    async fn strays(&self) -> Result<Vec<Stray>, BackendError> {
        self.shared.stray_jobs().await
    }

    fn announce(&self, wakes: &[Wake]) {
        self.shared.publish(wakes);
    }

    async fn subscribe(&self, listener: Listener) -> Result<(), BackendError> {
        self.shared.hear(listener).await
    }
}

/// A backend in a [`RedisStore`].
pub type RedisBackend = Durable<RedisStore>;

impl RedisBackend {
    /// Opens the backend of a URL, see [`RedisStore::open`].
    pub async fn open(url: &str) -> Result<Self, BackendError> {
        Ok(Self::new(RedisStore::open(url).await?))
    }
}
