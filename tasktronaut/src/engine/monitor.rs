//! Keeps jobs that block from holding up others.
//!
//! A plain function may take as long as it likes, and it occupies its lane. While lanes are at work the monitor looks
//! at them every millisecond: it records what a stuck lane has finished before, starts another lane when all are
//! stuck and there is more to do, and ends the wait for functions that take longer than their timeout.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use super::suspended;
use super::worker::Shared;
use crate::backend::Backend;
use crate::words::clock::Clock;

/// How often the monitor looks, and how long a job runs before its lane counts as stuck.
const TICK: Duration = Duration::from_millis(1);

/// Its switch.
#[derive(Default)]
pub(super) struct Monitor {
    awake: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Monitor {
    /// Starts its thread, which ends by itself when the worker stops.
    pub(super) fn start<B: Backend>(shared: &Arc<Shared<B>>) -> std::io::Result<()> {
        let own = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("tasktronaut-monitor".into()).spawn(move || {
            let _entered = own.runtime.enter();
            while !own.is_stopping() || own.is_active() {
                if !look(&own) {
                    own.monitor.doze(&own);
                }
                std::thread::park_timeout(TICK);
            }
        })?;
        // It is set once, here.
        let _ = shared.monitor.thread.set(thread.thread().clone());
        Ok(())
    }

    /// A lane is about to run a job.
    pub(super) fn watch(&self) {
        if !self.awake.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    pub(super) fn wake(&self) {
        self.awake.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Nothing runs: sleeps until a lane wakes it.
    fn doze<B: Backend>(&self, shared: &Arc<Shared<B>>) {
        self.awake.store(false, Ordering::SeqCst);
        // A lane may have begun a job since the last look, and have seen the monitor awake.
        while !self.awake.load(Ordering::SeqCst) && !look(shared) && !shared.is_stopping() {
            std::thread::park();
        }
        self.awake.store(true, Ordering::SeqCst);
    }
}

/// Looks at all lanes once; whether any of them runs a job.
fn look<B: Backend>(shared: &Arc<Shared<B>>) -> bool {
    let lanes = shared.lanes();
    let now = shared.clock.now();
    let (mut running, mut stuck, mut queued) = (false, 0, 0);
    for lane in &lanes {
        let mut look = lane.look(now, TICK);
        running |= look.is_running;
        stuck += usize::from(look.is_stuck);
        queued += look.queued;
        if !look.unsent.is_empty() {
            shared.block_on(shared.exchange(&mut look.unsent, 0, &mut Vec::new()));
        }
        if let Some((process, claim)) = look.overdue {
            suspended::overdue(shared, &process, &claim);
        }
    }
    if stuck == lanes.len() && lanes.len() < shared.concurrency && !shared.is_stopping() {
        let more = queued > 0 || shared.block_on(shared.exchange(&mut Vec::new(), 0, &mut Vec::new())).more;
        let new = lanes.len().min(shared.concurrency - lanes.len());
        for _ in 0..if more { new } else { 0 } {
            if let Err(error) = shared.add_lane(true) {
                tracing::warn!(worker = %shared.id, %error, "no further thread could be started");
                break;
            }
        }
    }
    running
}
