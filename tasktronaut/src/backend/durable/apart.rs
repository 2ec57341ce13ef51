//! Ends of which some cannot be recorded, because somebody has spoilt the rows of their process.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::work::flat_end;
use super::{Durable, sensible};
use crate::backend::BackendError;
use crate::backend::record::{ClaimedProcess, JobEnd, WorkerId};
use crate::backend::store::{Exchange, Key, Recorded, Store};

impl<S: Store> Durable<S> {
    /// Records the ends of each process by themselves, so that a process that makes no sense keeps nobody from the
    /// others; what cannot be recorded so is to be revised.
    pub(super) async fn exchange_apart(
        &self,
        worker: WorkerId,
        sent: &[(Arc<ClaimedProcess>, JobEnd)],
        wanted: usize,
    ) -> Result<Exchange, BackendError> {
        let mut by_process: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (at, (process, _)) in sent.iter().enumerate() {
            by_process.entry(process.key).or_default().push(at);
        }
        let mut recorded = vec![Recorded::Revise; sent.len()];
        let (mut ended, mut left_ready) = (Vec::new(), false);
        for places in by_process.into_values() {
            let ends = places.iter().filter_map(|at| flat_end(&sent[*at].0, &sent[*at].1)).collect();
            // Should this fail for another reason, all are sent again, and what is recorded already counts once (`R4`).
            let Some(part) = sensible(self.inner.store.exchange(worker, ends, 0).await)? else { continue };
            for (at, answer) in places.into_iter().zip(part.recorded) {
                recorded[at] = answer;
            }
            ended.extend(part.ended);
            left_ready |= part.left_ready;
        }
        let claims = self.inner.store.exchange(worker, Vec::new(), wanted).await?;
        Ok(Exchange { recorded, left_ready, ended, ..claims })
    }
}
