//! Which processes have ended, as far as is heard, and who waits for that: only they are woken, so that many who wait
//! do not all ask the store whenever one process ends.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::backend::store::{Key, Wake};

/// So many ends are remembered, for those who have asked the store and do not wait yet.
const LATELY: usize = 256;

/// A moment, counted in what was heard up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard(u64);

/// What was heard of ends, and who waits for them.
#[derive(Default)]
pub(super) struct Ends {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    heard: u64,
    /// The last that have ended; nothing for something that may have been the end of anything.
    lately: VecDeque<Option<Key>>,
    waiting: HashMap<Key, Arc<Notify>>,
}

impl Ends {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a wake-up.
    pub(super) fn hear(&self, wake: &Wake) {
        let key = match wake {
            Wake::Ended(key) => Some(*key),
            Wake::Anything => None,
            Wake::Ready | Wake::Stopping(_) => return,
        };
        let mut state = self.state();
        state.heard += 1;
        if state.lately.len() == LATELY {
            state.lately.pop_front();
        }
        state.lately.push_back(key);
        match key {
            Some(key) => state.waiting.get(&key).into_iter().for_each(|notify| notify.notify_waiters()),
            None => state.waiting.values().for_each(|notify| notify.notify_waiters()),
        }
    }

    /// What has been heard by now.
    pub(super) fn now(&self) -> Heard {
        Heard(self.state().heard)
    }

    /// Waits until a process may have ended after a moment.
    pub(super) async fn wait(&self, key: Key, since: Heard) {
        let waiting = {
            let mut state = self.state();
            if state.may_have_ended(key, since) {
                return;
            }
            let notify = Arc::clone(state.waiting.entry(key).or_default());
            Waiting { ends: self, key, notify }
        };
        let mut notified = std::pin::pin!(waiting.notify.notified());
        // From here on nothing is missed; what came in between is remembered.
        notified.as_mut().enable();
        if !self.state().may_have_ended(key, since) {
            notified.await;
        }
    }
}

impl State {
    fn may_have_ended(&self, key: Key, since: Heard) -> bool {
        let news = usize::try_from(self.heard.saturating_sub(since.0)).unwrap_or(usize::MAX);
        news > self.lately.len()
            || self.lately.iter().rev().take(news).any(|ended| ended.is_none_or(|ended| ended == key))
    }
}

/// Somebody who waits; the last one takes the entry along.
struct Waiting<'a> {
    ends: &'a Ends,
    key: Key,
    notify: Arc<Notify>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.ends.state();
        // This one, and the entry.
        if Arc::strong_count(&self.notify) == 2 {
            state.waiting.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    /// Whether somebody who begins to wait now still does.
    fn waits(ends: &Ends, key: Key, since: Heard) -> bool {
        let mut wait = std::pin::pin!(ends.wait(key, since));
        wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[test]
    fn r22_only_who_waits_for_it_is_woken() {
        let ends = Ends::default();
        let since = ends.now();
        let mut one = Box::pin(ends.wait(1, since));
        let mut two = Box::pin(ends.wait(2, since));
        let mut context = Context::from_waker(Waker::noop());
        assert!(one.as_mut().poll(&mut context).is_pending() && two.as_mut().poll(&mut context).is_pending());
        ends.hear(&Wake::Ready);
        ends.hear(&Wake::Stopping(1));
        assert!(one.as_mut().poll(&mut context).is_pending());
        ends.hear(&Wake::Ended(1));
        assert!(one.as_mut().poll(&mut context).is_ready() && two.as_mut().poll(&mut context).is_pending());
        ends.hear(&Wake::Anything);
        assert!(two.as_mut().poll(&mut context).is_ready());
        drop((one, two));
        assert!(ends.state().waiting.is_empty());
    }

    #[test]
    fn r19_an_end_between_the_question_and_the_waiting_is_not_missed() {
        let ends = Ends::default();
        let since = ends.now();
        ends.hear(&Wake::Ended(7));
        assert!(!waits(&ends, 7, since) && waits(&ends, 8, since));
        assert!(waits(&ends, 7, ends.now()), "it has been asked for since");
        for key in 100..100 + LATELY as Key {
            ends.hear(&Wake::Ended(key));
        }
        assert!(!waits(&ends, 8, since), "more has happened than is remembered");
        let since = ends.now();
        ends.hear(&Wake::Anything);
        assert!(!waits(&ends, 8, since));
    }
}
