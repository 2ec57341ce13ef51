//! Notices that the store, or this whole computer, is too slow for the leases, and has it in the log: what is lost
//! meanwhile is not lost without a reason.

use std::pin::pin;
use std::time::Duration;

use serde_json::json;
use tasktronaut::backend::store::Store;
use tasktronaut::backend::{Durable, WorkerId};

use crate::arguments::Arguments;
use crate::history;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(40);

/// Looks until it is dropped.
pub async fn run<S: Store>(backend: Durable<S>, arguments: &Arguments) {
    let (store, nobody) = (backend.store(), WorkerId::random());
    let slow = arguments.lease / 5;
    loop {
        // A write that changes nothing for anybody.
        let mut write = pin!(store.join(nobody, Vec::new(), arguments.lease));
        if tokio::time::timeout(slow, &mut write).await.is_err() {
            history::write("nemesis", json!({ "kind": "slow", "target": "the store" }));
            // Whatever the answer is, it is there.
            let _ = write.await;
            history::write("nemesis", json!({ "kind": "heal", "target": "the store" }));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
