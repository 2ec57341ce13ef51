//! Waiting for a process, and watching it.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::detail::Memo;
use super::{Durable, unknown};
use crate::backend::BackendError;
use crate::backend::feed::Feed;
use crate::backend::record::{ClaimedProcess, Event, Events, JobStatus};
use crate::backend::store::{Key, Phase, Store};
use crate::plan::{JobState, Outcome, Plan};

/// Who waits looks at least this often, whatever the store announces (`R22`).
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Who watches looks this often while nothing is announced.
const WATCH: Duration = Duration::from_millis(200);

impl<S: Store> Durable<S> {
    /// Waits for the end of a process (`R19`).
    pub(super) async fn wait_for(&self, identifier: &str) -> Result<Outcome, BackendError> {
        self.listen().await?;
        let mut known = None;
        loop {
            let heard = self.inner.ends.now();
            let key = match self.inner.store.find(identifier).await {
                Ok(Some(row)) if row.phase == Phase::Ended => {
                    let memo = Memo::from_bytes(&row.memo).unwrap_or_default();
                    return Ok(memo.outcome(row.outcome).unwrap_or(Outcome::Completed));
                }
                Ok(Some(row)) => row.key,
                Ok(None) => return Err(unknown(identifier)),
                Err(error) => {
                    // A process that was there is waited for, whatever happens to the store meanwhile.
                    let Some(key) = known else { return Err(error) };
                    tracing::warn!(%error, "the store does not answer; still waiting");
                    key
                }
            };
            known = Some(key);
            // Woken or not, it looks again.
            let _ = tokio::time::timeout(LONGEST_PAUSE, self.inner.ends.wait(key, heard)).await;
        }
    }

    /// Opens a feed that begins with how things stand.
    pub(super) async fn watch_process(&self, identifier: &str) -> Result<Events, BackendError> {
        self.listen().await?;
        let row = self.row(identifier).await?;
        let plan = self.read_plan(row.key).await?.ok_or_else(|| unknown(identifier))?;
        let (watcher, receiver) = unbounded_channel();
        self.feed(row.key, &plan).add(watcher.clone());
        let (backend, identifier) = (self.clone(), identifier.to_owned());
        tokio::spawn(async move { backend.follow(&identifier, row.key, &plan, &watcher).await });
        Ok(Events { receiver })
    }

    /// The feed that progress in this program goes to.
    fn feed(&self, key: Key, plan: &Arc<Plan>) -> Arc<Feed> {
        let mut feeds = self.inner.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        feeds.retain(|_, feed| feed.is_watched());
        let feed = Arc::clone(feeds.entry(key).or_insert_with(|| Arc::new(Feed::new(Arc::clone(plan)))));
        for member in self.members().values() {
            if let Some(process) = member.process(key) {
                process.session.listener.get_or_init(|| Arc::clone(&feed) as _);
            }
        }
        feed
    }

    /// Has the progress of a process told to those who watch it in this program.
    pub(super) fn watch_progress(&self, key: Key, process: &ClaimedProcess) {
        let feeds = self.inner.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&key) {
            process.session.listener.get_or_init(|| Arc::clone(feed) as _);
        }
    }

    /// Tells a watcher what has changed since it was last told, until the end.
    async fn follow(&self, identifier: &str, key: Key, plan: &Plan, watcher: &UnboundedSender<Event>) {
        let mut told: HashMap<usize, (JobState, u32)> = HashMap::new();
        while !watcher.is_closed() {
            let changed = self.inner.changed.notified();
            let mut changed = pin!(changed);
            changed.as_mut().enable();
            match self.look(identifier, key, plan).await {
                Ok(None) => return,
                Ok(Some((jobs, outcome))) => {
                    for job in jobs {
                        let now = (job.state, job.attempt);
                        let is_news = match told.insert(job.number, now) {
                            Some(before) => before != now,
                            None => job.state != JobState::Blocked,
                        };
                        // A watcher that has gone is noticed above.
                        if is_news {
                            let _ = watcher.send(Event::Job(job));
                        }
                    }
                    if let Some(outcome) = outcome {
                        let _ = watcher.send(Event::Ended(outcome.clone()));
                        let mut feeds = self.inner.feeds.lock().unwrap_or_else(PoisonError::into_inner);
                        feeds.remove(&key);
                        return;
                    }
                }
                Err(error) => tracing::warn!(%error, "the store does not answer; still watching"),
            }
            let _ = tokio::time::timeout(WATCH, changed).await;
        }
    }

    /// How things stand, and the outcome once the process has ended; nothing when it is gone.
    async fn look(
        &self,
        identifier: &str,
        key: Key,
        plan: &Plan,
    ) -> Result<Option<(Vec<JobStatus>, Option<Outcome>)>, BackendError> {
        let Some(row) = self.inner.store.find(identifier).await?.filter(|row| row.key == key) else {
            return Ok(None);
        };
        let status = self.show(&row, plan, self.inner.store.jobs(key).await?)?;
        let outcome = status.outcome.filter(|_| status.ended);
        Ok(Some((status.jobs, outcome)))
    }
}
