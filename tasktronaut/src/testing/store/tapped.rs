//! [`Tapped`]: a store whose calls a case sees, holds up, and has fail.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::backend::store::{
    Beat, End, Exchange, Fence, JobRow, Key, ListFilter, Listener, NewProcess, PlanRow, ProcessRow,
    Retention, Reviser, RouteId, Store, Stored, Stray, Wake,
};
use crate::backend::{BackendError, Capability, WorkerId};
use crate::testing::stage::world::{Gate, World};

/// A store that works as the one inside, until a case wants it otherwise. Its log says `begin beat` and `end beat` of
/// each call, or `fail beat`.
#[derive(Clone)]
pub(super) struct Tapped<S> {
    inner: S,
    pub log: World,
    wishes: Arc<Mutex<HashMap<&'static str, Wish>>>,
}

/// What a case wants of the calls of one kind.
#[derive(Clone)]
enum Wish {
    /// They do not reach the store until the gate is open.
    Hold(Gate),
    /// So many of them fail, and nothing of them is done.
    Fail(usize),
}

impl<S: Store> Tapped<S> {
    pub fn new(inner: S) -> Self {
        Self { inner, log: World::new(), wishes: Arc::default() }
    }

    /// From now on calls of this kind do not reach the store until the gate is open.
    pub fn hold(&self, call: &'static str) -> Gate {
        let gate = Gate::new();
        self.wish(call, Wish::Hold(gate.clone()));
        gate
    }

    /// The next calls of this kind fail, so many of them.
    pub fn fail(&self, call: &'static str, times: usize) {
        self.wish(call, Wish::Fail(times));
    }

    fn wish(&self, call: &'static str, wish: Wish) {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner).insert(call, wish);
    }

    /// The gate that holds up a call of this kind; an error where it is to fail.
    fn wish_for(&self, call: &'static str) -> Result<Option<Gate>, BackendError> {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        match wishes.get_mut(call) {
            Some(Wish::Hold(gate)) => Ok(Some(gate.clone())),
            Some(Wish::Fail(left @ 1..)) => {
                *left -= 1;
                Err(BackendError::Refused { backend: "tapped", reason: "the case wants it so".to_owned() })
            }
            _ => Ok(None),
        }
    }

    async fn call<V>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<V, BackendError>>,
    ) -> Result<V, BackendError> {
        self.log.note(format!("begin {call}"));
        match self.wish_for(call) {
            Ok(Some(gate)) => gate.pass().await,
            Ok(None) => {}
            Err(error) => {
                self.log.note(format!("fail {call}"));
                return Err(error);
            }
        }
        let answer = work.await;
        self.log.note(format!("end {call}"));
        answer
    }
}

impl<S: Store> Store for Tapped<S> {
    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn enqueue(&self, processes: Arc<[NewProcess]>) -> Result<Vec<Stored>, BackendError> {
        self.call("enqueue", self.inner.enqueue(processes)).await
    }

    async fn join(
        &self,
        worker: WorkerId,
        routes: Vec<RouteId>,
        lease: Duration,
    ) -> Result<(), BackendError> {
        self.call("join", self.inner.join(worker, routes, lease)).await
    }

    async fn exchange(
        &self,
        worker: WorkerId,
        ends: Vec<End>,
        wanted: usize,
    ) -> Result<Exchange, BackendError> {
        self.call("exchange", self.inner.exchange(worker, ends, wanted)).await
    }

    async fn plans(&self, keys: &[Key]) -> Result<Vec<Option<PlanRow>>, BackendError> {
        self.inner.plans(keys).await
    }

    async fn revise<T: Send + 'static>(
        &self,
        key: Key,
        change: Reviser<T>,
    ) -> Result<Option<T>, BackendError> {
        self.call("revise", self.inner.revise(key, change)).await
    }

    async fn beat(&self, worker: WorkerId, renew: bool, max_lost: u32) -> Result<Beat, BackendError> {
        self.call("beat", self.inner.beat(worker, renew, max_lost)).await
    }

    async fn give_back(
        &self,
        worker: WorkerId,
        fences: Option<Vec<Fence>>,
    ) -> Result<Vec<Fence>, BackendError> {
        self.call("give_back", self.inner.give_back(worker, fences)).await
    }

    async fn find(&self, identifier: &str) -> Result<Option<ProcessRow>, BackendError> {
        self.inner.find(identifier).await
    }

    async fn jobs(&self, key: Key) -> Result<Vec<JobRow>, BackendError> {
        self.inner.jobs(key).await
    }

    async fn list(&self, filter: &ListFilter) -> Result<Vec<ProcessRow>, BackendError> {
        self.inner.list(filter).await
    }

    async fn pause_process(&self, key: Key, paused: bool) -> Result<bool, BackendError> {
        self.inner.pause_process(key, paused).await
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        self.inner.pause_queue(queue, paused).await
    }

    async fn paused_queues(&self) -> Result<Vec<String>, BackendError> {
        self.inner.paused_queues().await
    }

    async fn delete(&self, key: Key, only_ended: bool) -> Result<bool, BackendError> {
        self.inner.delete(key, only_ended).await
    }

    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize, BackendError> {
        self.inner.sweep(retention, limit).await
    }

    async fn strays(&self) -> Result<Vec<Stray>, BackendError> {
        self.inner.strays().await
    }

    fn announce(&self, wakes: &[Wake]) {
        self.inner.announce(wakes);
    }

    async fn subscribe(&self, listener: Listener) -> Result<(), BackendError> {
        self.inner.subscribe(listener).await
    }
}
