//! What happens, on every store.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tasktronaut::backend::store::Store;
use tasktronaut::backend::{Backend, BackendError, Durable, ProcessFilter};
use tasktronaut::prelude::*;

use super::dice::Dice;
use super::parcel::parcels;

const SPOILT: usize = 500;
const NEIGHBOURS: usize = 40;
const PATIENCE: Duration = Duration::from_mins(1);
const LEASE: Duration = Duration::from_secs(1);

/// How many panics there were, in whatever thread.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Somebody with access to the rows of a store.
pub trait Spoiler {
    /// Spoils one field of a process, in the rows that it has at present.
    async fn spoil(&mut self, identifier: &str, dice: &mut Dice);
}

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            before(panic);
        }));
    });
}

/// Spoils five hundred processes of a store, half of them before anybody has begun, half while they are under way.
/// Others are spoilt with `SEED=n`.
pub async fn spoilt_processes_harm_nobody<S: Store>(store: S, mut spoiler: impl Spoiler) {
    count_panics();
    let backend = Durable::new(store);
    let client = Client::new(&backend);
    let mut dice = Dice(std::env::var("SEED").map_or(7, |seed| seed.parse().unwrap()));

    let (spoilt, good) = (parcels("spoilt", SPOILT), parcels("good", NEIGHBOURS));
    for handle in client.enqueue_all(&spoilt).await.into_iter().chain(client.enqueue_all(&good).await) {
        handle.unwrap();
    }
    for process in spoilt.iter().step_by(2) {
        spoiler.spoil(process.identifier(), &mut dice).await;
    }
    let worker = Worker::new(backend.clone()).lease(LEASE).start().unwrap();
    for process in spoilt.iter().skip(1).step_by(2) {
        spoiler.spoil(process.identifier(), &mut dice).await;
    }
    for process in &good {
        completes(&client, process.identifier()).await;
    }
    let mut reported = 0;
    // Whoever looks at spoilt ones, or cancels them, gets an answer or an error.
    for process in spoilt.iter().step_by(4) {
        let handle = client.handle(process.identifier());
        reported += usize::from(matches!(handle.status().await, Err(BackendError::Corrupt { .. })));
        let _ = handle.dump().await;
        let _ = handle.cancel("nobody knows what it is").await;
        let _ = handle.retry_failed().await;
    }
    assert!(reported > 0, "who looks at a spoilt process is told");
    let _ = client.list(&ProcessFilter::new()).await;
    // Meanwhile leases run out, and what was cancelled ends: others do not notice.
    let (begun, mut later) = (Instant::now(), parcels("later", SPOILT).into_iter());
    while begun.elapsed() < 3 * LEASE {
        let Some(process) = later.next() else { break };
        process.enqueue(&backend).await.unwrap();
        completes(&client, process.identifier()).await;
    }
    worker.shutdown().await;
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "nothing panics");
}

async fn completes<B: Backend>(client: &Client<B>, identifier: &str) {
    let end = tokio::time::timeout(PATIENCE, client.handle(identifier).wait()).await;
    end.expect("a neighbour ends in time").expect("a neighbour completes");
}
