//! Small processes, and short words for what the cases do.

use std::time::Duration;

use tasktronaut::backend::WorkerId;
use tasktronaut::backend::redis::RedisStore;
use tasktronaut::backend::store::{
    ClaimRow, End, Fence, How, Key, Meeting, NewProcess, Release, Store, Stored, Then,
};
use tasktronaut::{BackendError, BoxError};

pub type CaseResult = Result<(), BoxError>;

pub const ROUTE: u64 = 7;
pub const LEASE: Duration = Duration::from_mins(10);

pub fn release(node: u32) -> Release {
    Release { node, route: ROUTE, concludes: false }
}

/// A process of one job.
pub fn single(identifier: &str) -> NewProcess {
    NewProcess {
        identifier: identifier.to_owned(),
        definition: "store_redis::Shape".to_owned(),
        plan: b"the plan".to_vec(),
        priority: 0,
        first: release(0),
        start_after: Duration::ZERO,
        deadline: None,
        meetings: Vec::new(),
    }
}

/// `0`, then `1 ..= width` side by side, which meet in `width + 1`.
pub fn fan(identifier: &str, width: u32) -> NewProcess {
    let then = Then { releases: vec![release(width + 1)], meetings: Vec::new() };
    NewProcess { meetings: vec![Meeting { node: width + 1, waits_for: width, then }], ..single(identifier) }
}

/// The success of a job in a fan of this width.
pub fn end(fence: Fence, width: u32) -> End {
    let then = match fence.node {
        0 => Then { releases: (1..=width).map(release).collect(), meetings: Vec::new() },
        node if node <= width => Then { releases: Vec::new(), meetings: vec![width + 1] },
        _ => Then::default(),
    };
    End { fence, how: How::Succeeded, error: None, then, last: fence.node > width }
}

pub async fn add(store: &RedisStore, process: NewProcess) -> Result<Key, BoxError> {
    match store.enqueue(vec![process].into()).await?[0] {
        Stored::Created(key) => Ok(key),
        Stored::Known(key) => Err(format!("{key} is known already").into()),
    }
}

pub async fn worker(store: &RedisStore) -> Result<WorkerId, BackendError> {
    let worker = WorkerId::random();
    store.join(worker, vec![ROUTE], LEASE).await?;
    Ok(worker)
}

pub async fn claim(
    store: &RedisStore,
    worker: WorkerId,
    wanted: usize,
) -> Result<Vec<ClaimRow>, BackendError> {
    Ok(store.exchange(worker, Vec::new(), wanted).await?.claims)
}
