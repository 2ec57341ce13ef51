//! Another program on the same SQLite database, for tests that need one.
//!
//! `sqlite_program share DATABASE PROCESSES` works on fans until all processes have ended, and says what it claimed.
//! `sqlite_program chain DATABASE NAME` goes along a chain without end, and says what was acknowledged.

use std::time::Duration;

use tasktronaut::BoxError;
use tasktronaut::backend::WorkerId;
use tasktronaut::backend::store::{ListFilter, Phase, Recorded, Store};
use tasktronaut::backend::{SqliteOptions, SqliteStore};
use tasktronaut_tests::fan;

const LEASE: Duration = Duration::from_mins(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, mode, database, rest] = arguments.as_slice() else { return Err("three arguments".into()) };
    let store = SqliteStore::open_with(SqliteOptions::new(database))?;
    let worker = WorkerId::random();
    match mode.as_str() {
        "share" => {
            store.join(worker, vec![fan::ROUTE], LEASE).await?;
            share(&store, worker, rest.parse()?).await
        }
        "chain" => {
            // Nobody else's: what this program says is about its own chain.
            let route = u64::try_from(worker.as_u128() >> 66)?;
            store.join(worker, vec![route], LEASE).await?;
            chain(&store, worker, route, rest).await
        }
        _ => Err("an unknown mode".into()),
    }
}

async fn share(store: &SqliteStore, worker: WorkerId, processes: usize) -> Result<(), BoxError> {
    let mut ends = Vec::new();
    loop {
        let exchange = store.exchange(worker, std::mem::take(&mut ends), 7).await?;
        if exchange.recorded.iter().any(|recorded| *recorded != Recorded::Done) {
            return Err(format!("{:?}", exchange.recorded).into());
        }
        for claim in &exchange.claims {
            println!("{} {}", claim.fence.key, claim.fence.node);
            ends.push(fan::success(claim.fence));
        }
        if exchange.claims.is_empty() {
            let all = store.list(&ListFilter { limit: processes, ..ListFilter::default() }).await?;
            if all.iter().all(|process| process.phase == Phase::Ended) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn chain(store: &SqliteStore, worker: WorkerId, route: u64, name: &str) -> Result<(), BoxError> {
    let mut new = fan::process(name);
    new.first.route = route;
    store.enqueue(vec![new].into()).await?;
    println!("begun");
    let mut ends = Vec::new();
    let mut last = None;
    loop {
        let exchange = store.exchange(worker, std::mem::take(&mut ends), 1).await?;
        if let Some(node) = last {
            println!("{node}");
        }
        for claim in exchange.claims {
            last = Some(claim.fence.node);
            ends.push(fan::step(claim.fence, route));
        }
    }
}
