//! [`Durable`]: a backend made of a [`Store`].
//!
//! A store keeps rows; here is what every store needs besides: plans as bytes, what follows what, the rules for all
//! that is rare, the processes that a worker has read, and who waits for what in this program.
//!
//! - [`work`]: what workers finish and claim; [`apart`]: ends of which some cannot be recorded; [`life`]: their signs of
//!   life, and leaving; [`member`]: a worker in the eyes of this program; [`group`]: exchanges in groups; [`recent`]:
//!   plans that need not be read.
//! - [`client`]: the operations of clients; [`wait`]: waiting and watching; [`ends`]: who waits for which end.
//! - [`revise`]: one process as a whole, between rows and rules; [`flat`]: from a plan to rows; [`detail`]: what the
//!   rules note, as bytes; [`cut`]: texts of a bounded length; [`alike`]: one error for many callers.

mod alike;
mod apart;
mod client;
mod cut;
mod detail;
mod ends;
mod flat;
mod group;
mod house;
mod life;
mod member;
mod recent;
mod revise;
mod wait;
mod work;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinHandle;

use self::ends::Ends;
use self::group::Group;
use self::member::Member;
use self::recent::Recent;
use super::feed::Feed;
use super::record::{
    CancelAnswer, Claimed, Enqueued, Events, Finished, LostClaim, Membership, ProcessFilter, ProcessPage,
    ProcessStatus, Pulse, Unroutable, WorkerId,
};
use super::store::{Key, Retention, Store, Wake};
use super::{Backend, BackendError, Capability, EnqueueError, Exchanged};
use crate::plan::{Outcome, Plan};
use crate::words::clock::instant;

/// The largest plan that a store takes, in bytes (`R21`).
const MAX_PLAN_BYTES: usize = 16 * 1024 * 1024;

/// A backend that keeps processes in a [`Store`]. A clone is another handle on the same store.
pub struct Durable<S> {
    inner: Arc<Inner<S>>,
}

struct Inner<S> {
    store: S,
    retention: Retention,
    members: Mutex<HashMap<WorkerId, Arc<Member>>>,
    groups: Mutex<HashMap<WorkerId, Arc<Group>>>,
    recent: Mutex<Recent>,
    feeds: Mutex<HashMap<Key, Arc<Feed>>>,
    /// What is being judged: overdue processes, and jobs whose leases have run out.
    asides: Mutex<HashSet<(Key, Option<u32>)>>,
    /// Told whenever something may have happened to a process.
    changed: Notify,
    ends: Ends,
    listening: OnceCell<()>,
    cleaned: Mutex<Option<Instant>>,
    /// Housekeeping that is under way, and comes to what nobody can do.
    house: Mutex<Option<JoinHandle<House>>>,
}

/// What housekeeping comes to: what nobody can do.
type House = Result<Vec<Unroutable>, BackendError>;

impl<S> Clone for Durable<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<S> fmt::Debug for Durable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Durable").finish_non_exhaustive()
    }
}

impl<S: Store> Durable<S> {
    /// A backend that keeps processes in this store, and those that have ended for 7 days, or 30 where they failed.
    pub fn new(store: S) -> Self {
        Self::with_retention(store, Retention::default())
    }

    /// The same, with other times for which processes are kept after their end (`R20`). Workers remove them.
    pub fn with_retention(store: S, retention: Retention) -> Self {
        let inner = Inner {
            store,
            retention,
            members: Mutex::default(),
            groups: Mutex::default(),
            recent: Mutex::default(),
            feeds: Mutex::default(),
            asides: Mutex::default(),
            changed: Notify::new(),
            ends: Ends::default(),
            listening: OnceCell::new(),
            // A worker looks after a while, not at its very start.
            cleaned: Mutex::new(Some(instant())),
            house: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The store itself.
    pub fn store(&self) -> &S {
        &self.inner.store
    }

    fn members(&self) -> MutexGuard<'_, HashMap<WorkerId, Arc<Member>>> {
        self.inner.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn groups(&self) -> MutexGuard<'_, HashMap<WorkerId, Arc<Group>>> {
        self.inner.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.inner.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asides(&self) -> MutexGuard<'_, HashSet<(Key, Option<u32>)>> {
        self.inner.asides.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn group(&self, worker: WorkerId) -> Arc<Group> {
        Arc::clone(self.groups().entry(worker).or_default())
    }

    /// Begins to hear of what other programs announce.
    async fn listen(&self) -> Result<(), BackendError> {
        let begin = || async {
            // The store must not keep itself alive through its own listener.
            let inner = Arc::downgrade(&self.inner);
            let listener = Arc::new(move |wake: Wake| {
                if let Some(inner) = inner.upgrade() {
                    hear(&inner, &wake);
                }
            });
            self.inner.store.subscribe(listener).await
        };
        self.inner.listening.get_or_try_init(begin).await.map(drop)
    }

    /// Tells this program and others that something may have happened.
    fn tell(&self, wakes: &[Wake]) {
        if wakes.is_empty() {
            return;
        }
        for wake in wakes {
            hear(&self.inner, wake);
        }
        self.inner.store.announce(wakes);
    }
}

/// Something may have happened, here or elsewhere.
fn hear<S: Store>(inner: &Inner<S>, wake: &Wake) {
    let members = inner.members.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(wake, Wake::Ready | Wake::Anything) {
        let bells = members.values().map(|member| &member.membership.bell);
        bells.filter(|bell| bell.has_sleepers()).for_each(|bell| bell.ring());
    }
    if let Wake::Stopping(key) = wake {
        // Whether it was cancelled or has failed, the next sign of life tells.
        members.values().for_each(|member| member.stop(*key, false));
    }
    inner.ends.hear(wake);
    inner.changed.notify_waiters();
}

impl<S: Store> Backend for Durable<S> {
    fn capability(&self) -> Capability {
        self.inner.store.capability()
    }

    async fn enqueue(&self, plans: Vec<Arc<Plan>>) -> Vec<Result<Enqueued, EnqueueError>> {
        self.enqueue_plans(plans).await
    }

    async fn cancel(&self, identifier: &str, reason: &str) -> Result<CancelAnswer, BackendError> {
        self.cancel_process(identifier, reason).await
    }

    async fn retry_failed(&self, identifier: &str) -> Result<(), BackendError> {
        self.resume_process(identifier).await
    }

    async fn pause(&self, identifier: &str, paused: bool) -> Result<(), BackendError> {
        self.pause_process(identifier, paused).await
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        self.inner.store.pause_queue(queue, paused).await?;
        self.tell(&[Wake::Anything]);
        Ok(())
    }

    async fn delete(&self, identifier: &str) -> Result<(), BackendError> {
        self.delete_process(identifier).await
    }

    async fn plan(&self, identifier: &str) -> Result<Arc<Plan>, BackendError> {
        let key = self.row(identifier).await?.key;
        self.read_plan(key).await?.ok_or_else(|| unknown(identifier))
    }

    async fn status(&self, identifier: &str) -> Result<ProcessStatus, BackendError> {
        self.status_of(identifier).await
    }

    async fn list(&self, filter: &ProcessFilter) -> Result<ProcessPage, BackendError> {
        self.list_processes(filter).await
    }

    async fn outcome(&self, identifier: &str) -> Result<Outcome, BackendError> {
        self.wait_for(identifier).await
    }

    async fn watch(&self, identifier: &str) -> Result<Events, BackendError> {
        self.watch_process(identifier).await
    }

    async fn join(&self, worker: WorkerId, membership: Membership) -> Result<(), BackendError> {
        self.enter(worker, membership).await
    }

    async fn exchange(
        &self,
        worker: WorkerId,
        finished: &mut Vec<Finished>,
        wanted: usize,
        claimed: &mut Vec<Claimed>,
    ) -> Result<Exchanged, BackendError> {
        match self.exchange_together(worker, std::mem::take(finished), wanted).await {
            Ok((exchanged, more)) => {
                claimed.extend(more);
                Ok(exchanged)
            }
            Err((error, unrecorded)) => {
                *finished = unrecorded;
                Err(error)
            }
        }
    }

    async fn beat(&self, worker: WorkerId, renew: bool) -> Result<Pulse, BackendError> {
        self.pulse(worker, renew).await
    }

    async fn leave(&self, worker: WorkerId) -> Result<Vec<LostClaim>, BackendError> {
        self.depart(worker).await
    }
}

/// Says that a point is passed at which tests of faults end the program. Nobody else listens, and then it costs next to
/// nothing.
fn pass(point: &'static str) {
    tracing::trace!(target: "tasktronaut::point", point);
}

/// What was found, but nothing where it makes no sense: that is reported, and keeps nobody from what else there is.
fn sensible<T>(found: Result<T, BackendError>) -> Result<Option<T>, BackendError> {
    match found {
        Err(error @ BackendError::Corrupt { .. }) => {
            tracing::error!(%error, "a process makes no sense; the others go on");
            Ok(None)
        }
        found => found.map(Some),
    }
}

fn unknown(identifier: &str) -> BackendError {
    BackendError::UnknownProcess { identifier: identifier.to_owned() }
}
