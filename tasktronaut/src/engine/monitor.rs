//! Keeps jobs that block from holding up others.
//!
//! A plain function may take as long as it likes, and it occupies its lane. While lanes are at work the monitor looks
//! at them every millisecond: it records what a stuck lane has finished before, starts another lane when all are
//! stuck and there is more to do, and ends the wait for functions that take longer than their timeout.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

use super::shared::Shared;
use super::suspended;
use crate::backend::Backend;
use crate::words::blocking;
use crate::words::clock::{Clock, Moment};

/// How often the monitor looks, and how long a job runs before its lane counts as stuck.
const TICK: Duration = Duration::from_millis(1);

/// After so many looks at lanes that run nothing it sleeps until a job begins. Not at once: between two steps of a
/// process its lane runs nothing either, and to wake another thread for each step takes longer than many a step.
const IDLE_LOOKS: u32 = 20;

/// Its switch.
#[derive(Default)]
pub(super) struct Monitor {
    awake: AtomicBool,
    /// A lane is held up that has claimed more.
    help: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Monitor {
    /// Starts its thread, which ends by itself when the worker stops.
    pub(super) fn start<B: Backend>(shared: &Arc<Shared<B>>) -> std::io::Result<()> {
        let own = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("tasktronaut-monitor".into()).spawn(move || {
            let _entered = own.runtime.enter();
            let (mut due, mut idle) = (Moment::default(), 0);
            while own.needs_monitor() {
                idle = if look(&own, &mut due) { 0 } else { idle + 1 };
                if idle == IDLE_LOOKS {
                    own.monitor.doze(&own, &mut due);
                    idle = 0;
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

    /// Whether a lane that is held up has claimed more than it can begin: the first that asks is to take it over, even
    /// if there is other work.
    pub(super) fn asks_for_help(&self) -> bool {
        self.help.load(Ordering::Relaxed) && self.help.swap(false, Ordering::Relaxed)
    }

    pub(super) fn wake(&self) {
        self.awake.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Nothing runs: sleeps until a lane wakes it.
    fn doze<B: Backend>(&self, shared: &Arc<Shared<B>>, due: &mut Moment) {
        self.awake.store(false, Ordering::SeqCst);
        // A lane may have begun a job since the last look, and have seen the monitor awake.
        while !self.awake.load(Ordering::SeqCst) && !look(shared, due) && !shared.is_stopping() {
            std::thread::park();
        }
        self.awake.store(true, Ordering::SeqCst);
        // What has become due in the meantime, nobody knows.
        *due = Moment::default();
    }
}

/// Looks at all lanes once, and at what is due in the backend when the time has come; whether any lane runs a job.
fn look<B: Backend>(shared: &Arc<Shared<B>>, due: &mut Moment) -> bool {
    let lanes = shared.lanes();
    let now = shared.clock.now();
    let (mut running, mut stuck, mut queued, mut held_up) = (false, 0, 0, false);
    for lane in &lanes {
        let mut look = lane.look(now, TICK);
        running |= look.is_running;
        stuck += usize::from(look.is_stuck);
        queued += look.queued;
        held_up |= look.is_stuck && look.queued > 0;
        if !look.unsent.is_empty() {
            blocking::block_on(shared.exchange(&mut look.unsent, 0, &mut Vec::new()));
        }
        if let Some((process, claim)) = look.overdue {
            suspended::overdue(shared, &process, &claim);
        }
    }
    if held_up {
        shared.monitor.help.store(true, Ordering::Relaxed);
        if shared.bell.has_sleepers() {
            shared.bell.ring();
        }
    }
    if running && now >= *due {
        let exchanged = blocking::block_on(shared.exchange(&mut Vec::new(), 0, &mut Vec::new()));
        *due = now.after(shared.until_look(&exchanged));
    }
    if !lanes.is_empty() && stuck == lanes.len() && lanes.len() < shared.concurrency && !shared.is_stopping()
    {
        // A store is not asked every millisecond whether there is more to do: one lane is kept free to look for itself.
        let more = queued > 0
            || (!shared.has_others
                && blocking::block_on(shared.exchange(&mut Vec::new(), 0, &mut Vec::new())).more);
        let new = match more {
            true => lanes.len().min(shared.concurrency - lanes.len()),
            false => usize::from(shared.has_others),
        };
        for _ in 0..new {
            if let Err(error) = shared.add_lane(true) {
                tracing::warn!(worker = %shared.id, %error, "no further thread could be started");
                break;
            }
        }
    }
    running
}
