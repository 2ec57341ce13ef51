//! A worker in the eyes of this program: what it holds, the processes that it has read, and whether they still matter.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::record::{ClaimedProcess, LostClaim, Membership, WorkerId};
use crate::backend::store::{Fence, Key};
use crate::definition::context::{Level, Session};
use crate::plan::Plan;
use crate::words::clock::instant;

/// So many processes are kept once they have been read, and more only while jobs of theirs run.
const KEPT: usize = 1024;

/// A claim may be on its way to this worker for so long.
const STRANGE: Duration = Duration::from_secs(1);

/// A worker of this program.
pub(super) struct Member {
    pub(super) worker: WorkerId,
    pub(super) membership: Membership,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    processes: HashMap<Key, Arc<ClaimedProcess>>,
    /// Its claims, and since when it is sure of them, renewals left aside.
    held: HashMap<Fence, Instant>,
    /// Claims whose ends are on their way.
    sending: HashSet<Fence>,
    /// Claims that were given up, of which nobody has been told yet.
    given_up: Vec<LostClaim>,
    /// Claims that the store gave to this worker, and of which it knows nothing: since when.
    strange: HashMap<Fence, Instant>,
    paused: Vec<String>,
    renewed: Option<Instant>,
}

impl Member {
    pub(super) fn new(worker: WorkerId, membership: Membership) -> Self {
        let state = State { renewed: Some(instant()), ..State::default() };
        Self { worker, membership, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process of a key, if it has been read.
    pub(super) fn process(&self, key: Key) -> Option<Arc<ClaimedProcess>> {
        self.state().processes.get(&key).cloned()
    }

    /// The process of a key for a task of it, which was claimed: so it has not stopped, whatever was said before.
    pub(super) fn going_process(&self, key: Key) -> Option<Arc<ClaimedProcess>> {
        let mut state = self.state();
        let known = state.processes.get(&key)?;
        if known.session.signal.level() == Level::Run {
            return Some(Arc::clone(known));
        }
        let renewed = claimed_process(key, Arc::clone(&known.plan));
        if let Some(listener) = known.session.listener.get() {
            let _ = renewed.session.listener.set(Arc::clone(listener));
        }
        state.processes.insert(key, Arc::clone(&renewed));
        Some(renewed)
    }

    /// Keeps a process that was read.
    pub(super) fn keep(&self, key: Key, plan: Arc<Plan>) -> Arc<ClaimedProcess> {
        let mut state = self.state();
        if state.processes.len() >= KEPT {
            state.processes.retain(|_, process| Arc::strong_count(process) > 1);
        }
        let process = claimed_process(key, plan);
        state.processes.insert(key, Arc::clone(&process));
        process
    }

    pub(super) fn forget(&self, key: Key) {
        self.state().processes.remove(&key);
    }

    /// Notes claims, which were asked for at this moment.
    pub(super) fn hold(&self, fences: impl IntoIterator<Item = Fence>, asked: Instant) {
        self.state().held.extend(fences.into_iter().map(|fence| (fence, asked)));
    }

    pub(super) fn holds(&self, fence: &Fence) -> bool {
        self.state().held.contains_key(fence)
    }

    /// Forgets claims that nobody will run here.
    pub(super) fn let_go(&self, fences: impl IntoIterator<Item = Fence>) {
        let mut state = self.state();
        for fence in fences {
            state.held.remove(&fence);
        }
    }

    /// Notes that the ends of claims are on their way.
    pub(super) fn send(&self, fences: &[Fence]) {
        let mut state = self.state();
        for fence in fences {
            if state.held.remove(fence).is_some() {
                state.sending.insert(*fence);
            }
        }
    }

    /// The store has answered. As long as it has not, they are on their way: the end may be recorded already, and a
    /// claim that the store does not know any more is then not lost.
    pub(super) fn sent(&self, fences: &[Fence]) {
        let mut state = self.state();
        for fence in fences {
            state.sending.remove(fence);
        }
    }

    /// Claims of the store that this worker has known nothing of for a while: the answer to their claim was lost, so
    /// nobody runs them, and renewed with the others they would never run out.
    pub(super) fn strange(&self, store: &[Fence]) -> Vec<Fence> {
        let mut state = self.state();
        let now = instant();
        let is_known = |fence: &&Fence| state.held.contains_key(*fence) || state.sending.contains(*fence);
        let found: Vec<Fence> = store.iter().filter(|fence| !is_known(fence)).copied().collect();
        let before = std::mem::take(&mut state.strange);
        let since = |fence: &Fence| before.get(fence).copied().unwrap_or(now);
        state.strange = found.iter().map(|fence| (*fence, since(fence))).collect();
        let is_old = |fence: &Fence| before.get(fence).is_some_and(|since| since.elapsed() >= STRANGE);
        found.into_iter().filter(is_old).collect()
    }

    pub(super) fn held(&self) -> HashSet<Fence> {
        self.state().held.keys().copied().collect()
    }

    /// Those of these claims that the store does not know any more, although they have not ended here. What runs of
    /// their processes is given up; the other claims on them are handed back.
    pub(super) fn compare(&self, before: &HashSet<Fence>, store: &[Fence]) -> (Vec<LostClaim>, Vec<Gone>) {
        let known: HashSet<&Fence> = store.iter().collect();
        let mut state = self.state();
        let lost = before.iter().filter(|fence| !known.contains(fence) && state.held.contains_key(*fence));
        let lost: Vec<Fence> = lost.copied().collect();
        let mut told = Vec::new();
        let mut abandoned = HashMap::new();
        for fence in lost {
            state.held.remove(&fence);
            if let Some(process) = state.processes.remove(&fence.key) {
                process.session.abandon();
                abandoned.insert(fence.key, process);
            }
            if let Some(process) = abandoned.get(&fence.key) {
                told.push(gone(fence, process).1);
            }
        }
        let is_abandoned = |fence: &Fence| abandoned.get(&fence.key).map(|process| gone(*fence, process));
        let handed_back: Vec<Gone> = state.held.keys().filter_map(is_abandoned).collect();
        state.held.retain(|fence, _| !abandoned.contains_key(&fence.key));
        (told, handed_back)
    }

    /// Gives up the claims that could not be renewed for so long that somebody else may soon have the jobs (`R7`), and
    /// with them what else runs of their processes.
    ///
    /// A claim is as good as a renewal, so what is claimed after a store was found again is not given up; but then
    /// this comes first, for what runs of one process is told to stop together.
    pub(super) fn abandon_overdue(&self) {
        let limit = (self.membership.lease * 2 / 3).max(Duration::from_millis(50));
        let mut state = self.state();
        let renewed = state.renewed;
        let is_overdue =
            |since: &Instant| renewed.map_or(*since, |renewed| renewed.max(*since)).elapsed() > limit;
        let overdue = state.held.iter().filter(|(_, since)| is_overdue(since));
        let keys: HashSet<Key> = overdue.map(|(fence, _)| fence.key).collect();
        if keys.is_empty() {
            return;
        }
        let State { held, processes, given_up, .. } = &mut *state;
        held.retain(|fence, _| {
            let process = processes.get(&fence.key).filter(|_| keys.contains(&fence.key));
            given_up.extend(process.map(|process| gone(*fence, process).1));
            !keys.contains(&fence.key)
        });
        for key in keys {
            if let Some(process) = processes.remove(&key) {
                process.session.abandon();
            }
        }
    }

    /// The claims that were given up since the last time.
    pub(super) fn given_up(&self) -> Vec<LostClaim> {
        std::mem::take(&mut self.state().given_up)
    }

    /// Gives up everything that runs.
    pub(super) fn abandon(&self) -> Vec<Gone> {
        let mut state = self.state();
        let (held, sending) = (std::mem::take(&mut state.held), std::mem::take(&mut state.sending));
        let mut told = Vec::new();
        for fence in held.into_keys().chain(sending) {
            if let Some(process) = state.processes.get(&fence.key) {
                process.session.abandon();
                told.push(gone(fence, process));
            }
        }
        state.processes.clear();
        told
    }

    /// Tells what runs of a process that it has stopped.
    pub(super) fn stop(&self, key: Key, is_cancelled: bool) {
        if let Some(process) = self.state().processes.get(&key) {
            process.session.signal.raise(if is_cancelled { Level::Drop } else { Level::Stop });
        }
    }

    /// Takes note of the paused queues; true when they are others than before.
    pub(super) fn pause(&self, mut paused: Vec<String>) -> bool {
        paused.retain(|queue| self.membership.queues.contains(queue));
        paused.sort_unstable();
        let mut state = self.state();
        let has_changed = state.paused != paused;
        state.paused = paused;
        has_changed
    }

    pub(super) fn paused(&self) -> Vec<String> {
        self.state().paused.clone()
    }

    /// The leases have been renewed, as of a moment before that.
    pub(super) fn renewed(&self, asked: Instant) {
        self.state().renewed = Some(asked);
    }
}

/// A claim that does not hold any more.
pub(super) type Gone = (Fence, LostClaim);

fn gone(fence: Fence, process: &Arc<ClaimedProcess>) -> Gone {
    let process = Arc::clone(process);
    (fence, LostClaim { process, node: fence.node, attempt: fence.attempt })
}

/// A process as claims refer to it, with a session of its own.
pub(super) fn claimed_process(key: Key, plan: Arc<Plan>) -> Arc<ClaimedProcess> {
    let session = Arc::new(Session::new(Arc::clone(&plan.identifier), Arc::clone(&plan.tables)));
    Arc::new(ClaimedProcess { key, plan, session })
}
