//! Those who watch a process: they are told what happens, if there are any.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use crate::backend::record::{Event, JobKind, JobStatus};
use crate::definition::context::{Progress, ProgressListener};
use crate::plan::{JobState, NodeKind, Outcome, Plan};
use crate::words::error::TaskError;

/// The watchers of one process. Asking whether there are any costs next to nothing.
pub(super) struct Feed {
    watched: AtomicBool,
    watchers: Mutex<Vec<UnboundedSender<Event>>>,
    plan: Arc<Plan>,
}

impl Feed {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        Self { watched: AtomicBool::new(false), watchers: Mutex::default(), plan }
    }

    pub(super) fn add(&self, watcher: UnboundedSender<Event>) {
        self.watched.store(true, Ordering::Release);
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(watcher);
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Acquire)
    }

    pub(super) fn tell(&self, event: &Event) {
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.retain(|watcher| watcher.send(event.clone()).is_ok());
        self.watched.store(!watchers.is_empty(), Ordering::Release);
    }

    /// Tells of the end. Nothing follows it, so the watchers are let go.
    pub(super) fn end(&self, outcome: Outcome) {
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
        let Some(status) = describe(&self.plan, node, JobState::Running, 0, None, "") else {
            return;
        };
        let JobStatus { number, name, description, .. } = status;
        self.tell(&Event::Progress { number, name, description, progress });
    }
}

/// A job as those see it who look at the process; nothing for a join.
pub(super) fn describe(
    plan: &Plan,
    number: u32,
    state: JobState,
    attempt: u32,
    error: Option<Arc<TaskError>>,
    hook: &'static str,
) -> Option<JobStatus> {
    let node = plan.node(number as usize)?;
    let (kind, name) = match node.kind() {
        NodeKind::Task => (JobKind::Task, node.task()?.name),
        NodeKind::Started | NodeKind::Terminal => (JobKind::Hook, hook),
        NodeKind::Join => return None,
    };
    Some(JobStatus {
        number: number as usize,
        kind,
        name,
        definition: node.definition().name(),
        description: node.description().map(Arc::from),
        state,
        attempt,
        error,
    })
}
