//! Those who watch a process: they are told what happens, if there are any.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::record::{Event, JobStatus, describe};
use crate::definition::context::{Progress, ProgressListener};
use crate::plan::{JobState, Outcome, Plan};

/// The watchers of one process. Asking whether there are any costs next to nothing.
pub(crate) struct Feed {
    watched: AtomicBool,
    watchers: Mutex<Vec<UnboundedSender<Event>>>,
    plan: Arc<Plan>,
}

impl Feed {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        Self { watched: AtomicBool::new(false), watchers: Mutex::default(), plan }
    }

    pub(crate) fn add(&self, watcher: UnboundedSender<Event>) {
        self.watched.store(true, Ordering::Release);
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(watcher);
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Acquire)
    }

    pub(crate) fn tell(&self, event: &Event) {
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.retain(|watcher| watcher.send(event.clone()).is_ok());
        self.watched.store(!watchers.is_empty(), Ordering::Release);
    }

    /// Tells of the end. Nothing follows it, so the watchers are let go.
    pub(crate) fn end(&self, outcome: Outcome) {
        self.tell(&Event::Ended(outcome));
        self.watched.store(false, Ordering::Release);
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl ProgressListener for Feed {
    fn progress(&self, node: u32, progress: Progress) {
        if !self.is_watched() {
            return;
        }
        let Some(status) = describe(&self.plan, node, JobState::Running, "") else {
            return;
        };
        let JobStatus { number, name, description, .. } = status;
        self.tell(&Event::Progress { number, name, description, progress });
    }
}
