//! [`Shared`]: what all handles on one store share. The operations are in the files that are named after them.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use redis::Client;
use tokio::task::AbortHandle;

use super::direct::Direct;
use super::error::failed;
use super::keys::Keys;
use super::link::Link;
use super::open::examine;
use super::options::RedisOptions;
use super::outbox::Outbox;
use super::random::Random;
use crate::backend::BackendError;

/// What all handles on one store share.
pub(super) struct Shared {
    pub(super) keys: Keys,
    pub(super) client: Client,
    /// For exchanges of those who may block.
    pub(super) direct: Direct,
    /// For all else but leases.
    pub(super) work: Link,
    /// For leases, which must not queue behind a large process (`R7`).
    pub(super) leases: Link,
    pub(super) random: Random,
    pub(super) outbox: Arc<Outbox>,
    /// The URL, without its password.
    pub(super) shown: String,
    /// What runs in the background until the store is closed.
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Shared {
    pub(super) async fn open(options: RedisOptions) -> Result<Self, BackendError> {
        let shown = options.to_string();
        let keys = Keys::new(&options.namespace);
        // A short command must not wait until the one before it has arrived.
        let tcp = options.connection.tcp_settings().clone().set_nodelay(true);
        let connection = options.connection.set_tcp_settings(tcp);
        let client = Client::open(connection).map_err(failed("open the store"))?;
        let work = Link::new(client.clone());
        examine(&work, &keys).await?;
        Ok(Self {
            keys,
            direct: Direct::new(client.clone()),
            leases: Link::new(client.clone()),
            client,
            work,
            random: Random::new(),
            outbox: Arc::default(),
            shown,
            tasks: Mutex::default(),
        })
    }

    /// Runs something in the background until the store is closed.
    pub(super) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        let task = tokio::spawn(task).abort_handle();
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for task in self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}
