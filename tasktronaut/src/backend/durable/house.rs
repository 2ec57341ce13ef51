//! Housekeeping: what has ended long ago is removed, and what nobody can do is looked for.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Durable, House};
use crate::backend::record::Unroutable;
use crate::backend::store::Store;
use crate::words::clock::instant;

/// How often it is done; oftener where leases are short.
const HOUSEKEEPING: Duration = Duration::from_mins(1);

/// So many processes are removed at a time.
const SWEEP: usize = 1000;

impl<S: Store> Durable<S> {
    /// Removes what has ended long ago (`R20`) and looks for what nobody can do (`R17`), now and then.
    ///
    /// That may take longer than a sign of life may, so it goes on by itself, and is told with a later one.
    pub(super) async fn keep_house(&self, lease: Duration) -> Vec<Unroutable> {
        let done = self.house().take_if(|house| house.is_finished());
        if let Some(house) = done {
            match house.await {
                Ok(Ok(unroutable)) => return unroutable,
                Ok(Err(error)) => tracing::warn!(%error, "what has ended could not be removed"),
                // The worker that did it has gone.
                Err(_) => {}
            }
        }
        let mut house = self.house();
        if house.is_none() && self.is_time_to_clean(lease) {
            let own = self.clone();
            *house = Some(tokio::spawn(async move {
                own.inner.store.sweep(own.inner.retention, SWEEP).await?;
                own.unroutable().await
            }));
        }
        Vec::new()
    }

    fn house(&self) -> MutexGuard<'_, Option<JoinHandle<House>>> {
        self.inner.house.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_time_to_clean(&self, lease: Duration) -> bool {
        let mut cleaned = self.inner.cleaned.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = cleaned.is_none_or(|last| last.elapsed() >= HOUSEKEEPING.min(lease * 2));
        if is_time {
            *cleaned = Some(instant());
        }
        is_time
    }

    /// What no worker can do which is there (`R17`).
    pub(super) async fn unroutable(&self) -> House {
        let mut found = Vec::new();
        for stray in self.inner.store.strays().await? {
            let (key, node) = stray.example;
            let Some(plan) = self.read_plan(key).await? else { continue };
            let Some(record) = plan.nodes.get(node as usize) else { continue };
            found.push(Unroutable {
                definition: plan.definition_of(record.scope).name().to_owned(),
                task: plan.task_name(node).map(str::to_owned),
                queue: plan.queue_of(node).to_owned(),
                jobs: stray.jobs,
            });
        }
        Ok(found)
    }
}
