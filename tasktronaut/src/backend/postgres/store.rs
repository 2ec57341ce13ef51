//! The operations of [`Store`], each in the file of its kind.

use std::sync::Arc;
use std::time::Duration;

use super::PostgresStore;
use crate::backend::record::WorkerId;
use crate::backend::store::{
    Beat, End, Exchange, Fence, JobRow, Key, ListFilter, Listener, NewProcess, PlanRow, ProcessRow,
    Retention, Reviser, RouteId, Store, Stored, Stray, Wake,
};
use crate::backend::{BackendError, Capability};

impl Store for PostgresStore {
    fn capability(&self) -> Capability {
        Capability::POSTGRES
    }

    async fn enqueue(&self, processes: Arc<[NewProcess]>) -> Result<Vec<Stored>, BackendError> {
        self.add(&processes).await
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
        self.end_and_claim(worker, &ends, wanted).await
    }

    async fn plans(&self, keys: &[Key]) -> Result<Vec<Option<PlanRow>>, BackendError> {
        self.read_plans(keys).await
    }

    async fn revise<T: Send + 'static>(
        &self,
        key: Key,
        change: Reviser<T>,
    ) -> Result<Option<T>, BackendError> {
        self.revise_one(key, change).await
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
        self.read_process(identifier).await
    }

    async fn jobs(&self, key: Key) -> Result<Vec<JobRow>, BackendError> {
        self.read_jobs(key).await
    }

    async fn list(&self, filter: &ListFilter) -> Result<Vec<ProcessRow>, BackendError> {
        self.read_list(filter).await
    }

    async fn pause_process(&self, key: Key, paused: bool) -> Result<bool, BackendError> {
        self.hold_process(key, paused).await
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        self.hold_queue(queue, paused).await
    }

    async fn paused_queues(&self) -> Result<Vec<String>, BackendError> {
        self.held_queues().await
    }

    async fn delete(&self, key: Key, only_ended: bool) -> Result<bool, BackendError> {
        self.remove(key, only_ended).await
    }

    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize, BackendError> {
        self.clear(retention, limit).await
    }

    async fn strays(&self) -> Result<Vec<Stray>, BackendError> {
        self.read_strays().await
    }

    fn announce(&self, wakes: &[Wake]) {
        self.inner.announcements.add(wakes);
    }

    async fn subscribe(&self, listener: Listener) -> Result<(), BackendError> {
        self.listen(listener).await;
        Ok(())
    }
}
