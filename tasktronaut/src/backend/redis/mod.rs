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
mod enqueue;
mod error;
mod exchange;
mod keys;
mod leases;
mod link;
mod open;
mod options;
mod random;
mod read;
mod reply;
mod revise;
mod row;
mod scripts;
mod wake;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::Client;
use tokio::task::AbortHandle;

pub use options::RedisOptions;

use super::Durable;
use super::record::WorkerId;
use super::store::{
    Beat, End, Exchange, Fence, JobRow, Key, ListFilter, Listener, NewProcess, PlanRow, ProcessRow,
    Retention, Reviser, RouteId, Store, Stored, Stray, Wake,
};
use super::{BackendError, Capability};
use error::failed;
use keys::Keys;
use link::Link;
use random::Random;
use wake::Outbox;

/// The name of this backend.
const NAME: &str = "redis";
/// The most jobs in one process (`R21`).
const MAX_JOBS: usize = 100_000;

/// Processes in a Redis or Valkey server. A clone is another handle on the same store.
///
/// Connections that are lost are made anew; what was under way fails, and may be sent again.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

struct Shared {
    keys: Keys,
    client: Client,
    /// For all but leases.
    work: Link,
    /// For leases, which must not queue behind a large process (`R7`).
    leases: Link,
    outbox: Arc<Outbox>,
    random: Random,
    /// What runs in the background until the store is closed.
    tasks: Mutex<Vec<AbortHandle>>,
    shown: String,
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
        let shown = options.to_string();
        let keys = Keys::new(&options.namespace);
        let client = Client::open(options.connection).map_err(failed("open the store"))?;
        let work = Link::new(client.clone());
        open::examine(&work, &keys).await?;
        let leases = Link::new(client.clone());
        let shared = Shared {
            keys,
            client,
            work,
            leases,
            outbox: Arc::default(),
            random: Random::new(),
            tasks: Mutex::default(),
            shown,
        };
        let store = Self { shared: Arc::new(shared) };
        let publisher = tokio::spawn(wake::publish(Arc::downgrade(&store.shared)));
        store.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(publisher.abort_handle());
        Ok(store)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for task in self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisStore").field(&self.shared.shown).finish()
    }
}

impl Store for RedisStore {
    fn capability(&self) -> Capability {
        Capability { name: NAME, durable: true, shared: true, max_jobs: Some(MAX_JOBS) }
    }

    async fn enqueue(&self, processes: Arc<[NewProcess]>) -> Result<Vec<Stored>, BackendError> {
        self.enqueue_all(&processes).await
    }

    async fn join(
        &self,
        worker: WorkerId,
        routes: Vec<RouteId>,
        lease: Duration,
    ) -> Result<(), BackendError> {
        self.enter(worker, &routes, lease).await
    }

    async fn exchange(
        &self,
        worker: WorkerId,
        ends: Vec<End>,
        wanted: usize,
    ) -> Result<Exchange, BackendError> {
        self.exchange_all(worker, &ends, wanted).await
    }

    async fn plans(&self, keys: &[Key]) -> Result<Vec<Option<PlanRow>>, BackendError> {
        self.plans_of(keys).await
    }

    async fn revise<T: Send + 'static>(
        &self,
        key: Key,
        change: Reviser<T>,
    ) -> Result<Option<T>, BackendError> {
        self.revise_with(key, change).await
    }

    async fn beat(&self, worker: WorkerId, renew: bool, max_lost: u32) -> Result<Beat, BackendError> {
        self.sign_of_life(worker, renew, max_lost).await
    }

    async fn give_back(
        &self,
        worker: WorkerId,
        fences: Option<Vec<Fence>>,
    ) -> Result<Vec<Fence>, BackendError> {
        self.return_jobs(worker, fences).await
    }

    async fn find(&self, identifier: &str) -> Result<Option<ProcessRow>, BackendError> {
        self.find_one(identifier).await
    }

    async fn jobs(&self, key: Key) -> Result<Vec<JobRow>, BackendError> {
        self.jobs_of(key).await
    }

    async fn list(&self, filter: &ListFilter) -> Result<Vec<ProcessRow>, BackendError> {
        self.list_some(filter).await
    }

    async fn pause_process(&self, key: Key, paused: bool) -> Result<bool, BackendError> {
        self.set_paused(key, paused).await
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        self.set_queue_paused(queue, paused).await
    }

    async fn delete(&self, key: Key, only_ended: bool) -> Result<bool, BackendError> {
        self.remove(key, only_ended).await
    }

    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize, BackendError> {
        self.sweep_some(retention, limit).await
    }

    async fn strays(&self) -> Result<Vec<Stray>, BackendError> {
        self.stray_jobs().await
    }

    fn announce(&self, wakes: &[Wake]) {
        self.publish(wakes);
    }

    async fn subscribe(&self, listener: Listener) -> Result<(), BackendError> {
        self.hear(listener).await
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
