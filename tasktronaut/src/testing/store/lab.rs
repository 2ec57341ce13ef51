//! [`Lab`]: a fresh store with short words for what cases do all the time.

use std::time::Duration;

use super::opener::Opener;
use super::shapes::{ROUTE, Shape};
use crate::backend::WorkerId;
use crate::backend::store::{
    Beat, Change, Changes, ClaimRow, End, Exchange, Fence, JobRow, JobUpdate, Key, NewProcess, Phase,
    ProcessRow, Recorded, Reviser, RouteId, Snapshot, Store, Stored,
};
use crate::plan::JobState;
use crate::words::clock::Deadline;
use crate::words::error::BoxError;

/// A lease that no case outlives.
pub(super) const LONG: Duration = Duration::from_hours(1);
/// A lease or pause that is over at once.
pub(super) const SHORT: Duration = Duration::from_millis(1);
/// How long something that must happen may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a worker may be lost, where it does not matter.
pub(super) const MAX_LOST: u32 = 3;

/// What a case says in the end; what it expects it asserts.
pub(super) type CaseResult = Result<(), BoxError>;

/// A fresh store.
pub(super) struct Lab<O: Opener> {
    open: O,
    place: String,
    pub store: O::Store,
}

/// 16 letters that nobody has used before.
pub(super) fn random_place() -> String {
    let digits = WorkerId::random().to_string();
    digits
        .chars()
        .take(16)
        .map(|digit| char::from(b'a' + u8::try_from(digit.to_digit(16).unwrap_or(0)).unwrap_or(0)))
        .collect()
}

impl<O: Opener> Lab<O> {
    pub async fn open(open: O, place: String) -> Result<Self, BoxError> {
        let store = open.open(&place).await?;
        Ok(Self { open, place, store })
    }

    /// The same store, as another program sees it.
    pub async fn other(&self) -> Result<O::Store, BoxError> {
        Ok(self.open.open(&self.place).await?)
    }

    /// A worker for the usual route, whose leases last.
    pub async fn worker(&self) -> Result<WorkerId, BoxError> {
        self.worker_of(&[ROUTE], LONG).await
    }

    pub async fn worker_of(&self, routes: &[RouteId], lease: Duration) -> Result<WorkerId, BoxError> {
        let worker = WorkerId::random();
        self.store.join(worker, routes.to_vec(), lease).await?;
        Ok(worker)
    }

    /// Adds a process that must be new.
    pub async fn add(&self, shape: &Shape) -> Result<Key, BoxError> {
        Ok(self.add_all(vec![shape.new.clone()]).await?[0])
    }

    /// Adds processes that must be new.
    pub async fn add_all(&self, processes: Vec<NewProcess>) -> Result<Vec<Key>, BoxError> {
        let stored = self.store.enqueue(processes.into()).await?;
        let key = |stored| match stored {
            Stored::Created(key) => Ok(key),
            Stored::Known(key) => Err(format!("{key} is known already").into()),
        };
        stored.into_iter().map(key).collect()
    }

    /// So many processes of one job each, with their identifiers numbered.
    pub async fn add_many(&self, count: usize) -> Result<Vec<Key>, BoxError> {
        let many = (0..count).map(|number| super::shapes::process(&format!("many-{number}"), Vec::new()));
        self.add_all(many.collect()).await
    }

    pub async fn exchange(
        &self,
        worker: WorkerId,
        ends: Vec<End>,
        wanted: usize,
    ) -> Result<Exchange, BoxError> {
        Ok(self.store.exchange(worker, ends, wanted).await?)
    }

    pub async fn claim(&self, worker: WorkerId, wanted: usize) -> Result<Vec<ClaimRow>, BoxError> {
        Ok(self.exchange(worker, Vec::new(), wanted).await?.claims)
    }

    /// Claims the one job that is ready.
    pub async fn claim_one(&self, worker: WorkerId) -> Result<ClaimRow, BoxError> {
        let mut claims = self.claim(worker, 10).await?;
        assert_eq!(claims.len(), 1, "exactly one job is ready");
        claims.pop().ok_or_else(|| "nothing was claimed".into())
    }

    /// Claims one job as soon as there is one.
    pub async fn claim_soon(&self, worker: WorkerId) -> Result<ClaimRow, BoxError> {
        self.until("a job is ready", async || Ok(self.claim(worker, 1).await?.pop())).await
    }

    /// Records one end.
    pub async fn end(&self, worker: WorkerId, end: End) -> Result<Recorded, BoxError> {
        let exchange = self.exchange(worker, vec![end], 0).await?;
        assert_eq!(exchange.recorded.len(), 1);
        Ok(exchange.recorded[0])
    }

    /// Records one end, which must count.
    pub async fn end_well(&self, worker: WorkerId, end: End) -> Result<(), BoxError> {
        assert_eq!(self.end(worker, end).await?, Recorded::Done);
        Ok(())
    }

    /// Works on a process until nothing is ready any more; the answer is the nodes in their order.
    pub async fn work(&self, worker: WorkerId, shape: &Shape) -> Result<Vec<u32>, BoxError> {
        let (mut nodes, mut ends) = (Vec::new(), Vec::new());
        loop {
            let exchange = self.exchange(worker, std::mem::take(&mut ends), 1_000).await?;
            assert!(exchange.recorded.iter().all(|recorded| *recorded == Recorded::Done));
            if exchange.claims.is_empty() {
                return Ok(nodes);
            }
            nodes.extend(exchange.claims.iter().map(|claim| claim.fence.node));
            ends.extend(exchange.claims.iter().map(|claim| shape.success(claim.fence)));
        }
    }

    pub async fn process(&self, identifier: &str) -> Result<ProcessRow, BoxError> {
        let row = self.store.find(identifier).await?;
        row.ok_or_else(|| format!("there is no process `{identifier}`").into())
    }

    /// The row of a job, which must have one.
    pub async fn job(&self, key: Key, node: u32) -> Result<JobRow, BoxError> {
        let row = self.row(key, node).await?;
        row.ok_or_else(|| format!("node {node} has no row").into())
    }

    pub async fn row(&self, key: Key, node: u32) -> Result<Option<JobRow>, BoxError> {
        Ok(self.store.jobs(key).await?.into_iter().find(|job| job.fence.node == node))
    }

    /// Revises a process that must be there.
    pub async fn revise(&self, key: Key, changes: Changes) -> Result<Snapshot, BoxError> {
        let answer =
            self.store.revise(key, Reviser::new(move |snapshot| Ok((changes, snapshot.clone())))).await?;
        answer.ok_or_else(|| "the process is gone".into())
    }

    /// Sets phase and outcome.
    pub async fn set_phase(&self, key: Key, phase: Phase, outcome: Option<u8>) -> Result<(), BoxError> {
        let process = Some(Change { phase, outcome, memo: Vec::new(), deadline: None });
        self.revise(key, Changes { process, ..Changes::default() }).await?;
        Ok(())
    }

    pub async fn snapshot(&self, key: Key) -> Result<Snapshot, BoxError> {
        self.revise(key, Changes::default()).await
    }

    pub async fn beat(&self, worker: WorkerId, renew: bool) -> Result<Beat, BoxError> {
        Ok(self.store.beat(worker, renew, MAX_LOST).await?)
    }

    /// Lets the store's clock advance, so that what becomes ready from now on is ready later than what is.
    pub async fn tick(&self) -> Result<(), BoxError> {
        let mut first = None;
        self.until("the clock advances", async || {
            let identifier = format!("tick-{}", random_place());
            let mut tick = super::shapes::process(&identifier, Vec::new());
            tick.first.route = u64::from(u32::MAX);
            let key = self.add_all(vec![tick]).await?[0];
            let now = self.process(&identifier).await?.created_at;
            self.store.delete(key, false).await?;
            Ok((now > *first.get_or_insert(now)).then_some(()))
        })
        .await
    }

    /// Asks again and again until there is an answer.
    pub async fn until<T>(
        &self,
        what: &str,
        mut ask: impl AsyncFnMut() -> Result<Option<T>, BoxError>,
    ) -> Result<T, BoxError> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            if deadline.is_some_and(Deadline::has_passed) {
                return Err(format!("after {PATIENCE:?} it does not hold that {what}").into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A row as an update that changes nothing.
pub(super) fn same(job: &JobRow) -> JobUpdate {
    JobUpdate {
        node: job.fence.node,
        route: job.route,
        state: job.state,
        due: None,
        attempt: job.fence.attempt,
        nonce: job.fence.nonce,
        failed: job.failed,
        lost: job.lost,
        undecoded: job.undecoded,
        event: job.event.clone(),
        error: job.error.clone(),
    }
}

/// A job that gets its row.
pub(super) fn fresh(node: u32, state: JobState) -> JobUpdate {
    JobUpdate {
        node,
        route: ROUTE,
        state,
        due: None,
        attempt: 0,
        nonce: 0,
        failed: 0,
        lost: 0,
        undecoded: 0,
        event: None,
        error: None,
    }
}

/// A revision of jobs alone.
pub(super) fn jobs(jobs: Vec<JobUpdate>) -> Changes {
    Changes { jobs, ..Changes::default() }
}

/// The fences of claims.
pub(super) fn fences(claims: &[ClaimRow]) -> Vec<Fence> {
    claims.iter().map(|claim| claim.fence).collect()
}
