//! [`Worker`]: settings and start.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle as RuntimeHandle;
use tokio::sync::Notify;

use super::keeper::Keeper;
use super::monitor::Monitor;
use super::observer::Observer;
use super::running::RunningWorker;
use super::shared::Shared;
use crate::backend::{Backend, BackendError, Bell, Membership, WorkerId};
use crate::definition::context::Signal;
use crate::definition::registry::{Registry, RegistryError};
use crate::definition::schedule::DEFAULT_QUEUE;
use crate::plan::rules::DEFAULT_PUT_BACKS;
use crate::words::blocking;
use crate::words::clock::SystemClock;
use crate::words::name::{NameError, check_name};
use crate::words::policy::Policy;

/// How many jobs a worker runs at the same time, unless told otherwise.
const DEFAULT_CONCURRENCY: usize = 256;

/// How long running jobs may take to end at a shutdown, unless told otherwise (`R18`).
const DEFAULT_GRACE: Duration = Duration::from_secs(30);

/// How long a claim holds without a renewal, unless told otherwise (`R7`).
const DEFAULT_LEASE: Duration = Duration::from_secs(30);

/// A shorter lease would run out between two renewals.
const SHORTEST_LEASE: Duration = Duration::from_millis(100);

/// How many workers may be lost with a job, unless told otherwise (`R9`).
const DEFAULT_MAX_LOST: u32 = 3;

/// Runs the jobs of a backend: its settings, before it [`run`](Self::run)s or [`start`](Self::start)s.
///
/// Plain functions run on threads of the worker, which may block; async functions run on tokio. A worker that is
/// started outside a tokio runtime brings one along.
///
/// ```no_run
/// # use tasktronaut::prelude::*;
/// # async fn example(backend: LocalBackend) -> Result<(), Box<dyn std::error::Error>> {
/// // Until SIGTERM or Ctrl-C.
/// Worker::new(backend).concurrency(32).queues(["default", "thumbnails"]).run().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a worker does nothing until it is started"]
pub struct Worker<B> {
    pub(super) backend: B,
    registry: Option<Registry>,
    queues: Vec<String>,
    definitions: Option<Vec<String>>,
    concurrency: usize,
    policy: Policy,
    put_backs: u32,
    pub(super) grace: Duration,
    lease: Duration,
    max_lost: u32,
    observer: Option<Arc<dyn Observer>>,
}

/// Why a worker could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The operating system gave no thread, or no signal handler.
    #[error("no thread could be started: {0}")]
    Thread(#[source] std::io::Error),
    /// The registry is not complete: a definition needs an instance.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A queue has no name that a queue can have.
    #[error(transparent)]
    Queue(#[from] NameError),
    /// The worker works on no queue.
    #[error("the worker works on no queue; name one in `Worker::queues`, or leave it out for `default`")]
    NoQueue,
    /// The worker works on no definition.
    #[error("the worker works on no definition; name one in `Worker::definitions`, or leave it out for all")]
    NoDefinition,
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl<B: Backend> Worker<B> {
    /// A worker for this backend.
    pub fn new(backend: B) -> Self {
        Self {
            backend,
            registry: None,
            queues: vec![DEFAULT_QUEUE.to_owned()],
            definitions: None,
            concurrency: DEFAULT_CONCURRENCY,
            policy: Policy::new(),
            put_backs: DEFAULT_PUT_BACKS,
            grace: DEFAULT_GRACE,
            lease: DEFAULT_LEASE,
            max_lost: DEFAULT_MAX_LOST,
            observer: None,
        }
    }

    /// The definitions that it has, with the resources that they need. Default: every `#[process]` of the linked
    /// program ([`Registry::linked`]).
    ///
    /// A definition without its instance is an error when the worker starts, not in the middle of a process. In
    /// process, where a plan carries its definitions along, the registry is not asked for.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// The queues that it works on. Default: `default`.
    pub fn queues<Q: Into<String>>(mut self, queues: impl IntoIterator<Item = Q>) -> Self {
        self.queues = queues.into_iter().map(Into::into).collect();
        self
    }

    /// The names of the definitions that it works on, of those that it has. Default: all.
    pub fn definitions<D: Into<String>>(mut self, names: impl IntoIterator<Item = D>) -> Self {
        self.definitions = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// How many jobs run at the same time, at least one. Default: 256. Threads are started as they are needed.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = jobs.max(1);
        self
    }

    /// Retries, backoff and timeout for tasks that ask for none, and whose processes ask for none (`R9`).
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// How often a job whose arguments cannot be read here is put back, so that a newer program may read them, before
    /// it fails as a bad payload (`R17`). The pauses are 1, 2, 4, 8, 10, 10 .. s. Default: 63, which
    /// takes ten minutes.
    pub fn put_backs(mut self, times: u32) -> Self {
        self.put_backs = times;
        self
    }

    /// How long running jobs may take to end at a shutdown, before they are signalled and given back (`R18`).
    /// Default: 30 s.
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }

    /// How long a claim holds without a renewal, at least 100 ms: after that, others may have the job (`R7`).
    /// Default: 30 s, renewed each third of it. In process there are no leases.
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = time.max(SHORTEST_LEASE);
        self
    }

    /// How many workers may be lost with a job, in all, before it fails as poison (`R9`). Default: 3.
    pub fn max_lost(mut self, workers: u32) -> Self {
        self.max_lost = workers.max(1);
        self
    }

    /// Who is told of everything that the worker does.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Starts the worker. Where the backend is a store that does not answer, the worker tries again until it does.
    pub fn start(self) -> Result<RunningWorker<B>, WorkerError> {
        let capability = self.backend.capability();
        let registry = self.checked_registry(capability.shared)?;
        if self.queues.is_empty() {
            return Err(WorkerError::NoQueue);
        }
        for queue in &self.queues {
            check_name(queue)?;
        }
        if self.definitions.as_ref().is_some_and(Vec::is_empty) {
            return Err(WorkerError::NoDefinition);
        }
        let (runtime, own_runtime) = match RuntimeHandle::try_current() {
            Ok(handle) => (handle, None),
            Err(_) => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                let own = builder.worker_threads(1).enable_all().build().map_err(WorkerError::Thread)?;
                (own.handle().clone(), Some(own))
            }
        };
        let bell = Arc::new(Bell::default());
        let membership = Membership {
            registry,
            queues: self.queues.into(),
            definitions: self.definitions.map(Into::into),
            lease: self.lease,
            max_lost: self.max_lost,
            bell: Arc::clone(&bell),
        };
        let shared = Arc::new(Shared {
            id: WorkerId::random(),
            backend: self.backend,
            membership,
            runtime,
            bell,
            policy: self.policy,
            concurrency: self.concurrency,
            put_backs: self.put_backs,
            has_others: capability.shared,
            observer: self.observer,
            active: AtomicUsize::new(0),
            crowded: AtomicUsize::new(0),
            idle: Notify::new(),
            stopping: AtomicBool::new(false),
            signal: Arc::new(Signal::default()),
            clock: SystemClock::default(),
            lanes: Mutex::default(),
            recorded: AtomicUsize::new(0),
            nothing_since: Mutex::default(),
            gives_way_until: AtomicU64::default(),
            monitor: Monitor::default(),
        });
        // From here on an early return drops this, and thereby stops what has been started.
        let mut running = RunningWorker::new(&shared, self.grace, own_runtime);
        Monitor::start(&shared).map_err(WorkerError::Thread)?;
        if capability.shared {
            running.keeper = Some(Keeper::start(&shared).map_err(WorkerError::Thread)?);
        } else {
            let _entered = shared.runtime.enter();
            blocking::block_on(shared.backend.join(shared.id, shared.membership.clone()))?;
            shared.start_lanes().map_err(WorkerError::Thread)?;
        }
        Ok(running)
    }

    /// The registry, complete where definitions are looked up in it.
    fn checked_registry(&self, is_asked: bool) -> Result<Registry, WorkerError> {
        if !is_asked {
            return Ok(self.registry.clone().unwrap_or_default());
        }
        let registry = match &self.registry {
            Some(registry) => registry.clone(),
            None => Registry::linked()?,
        };
        match &self.definitions {
            None => registry.check()?,
            Some(names) => names.iter().try_for_each(|name| registry.load(name).map(drop))?,
        }
        Ok(registry)
    }
}

impl<B> std::fmt::Debug for Worker<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("queues", &self.queues)
            .field("concurrency", &self.concurrency)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}
