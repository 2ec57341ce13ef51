//! [`Outbox`]: what is to be announced, collected into few messages, and how a message is read.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::backend::store::{Key, Wake};

/// More than this are published as "anything".
const MOST: usize = 500;

/// What is to be published.
#[derive(Default)]
pub(super) struct Outbox {
    wakes: Mutex<Wakes>,
    pub(super) filled: Notify,
}

#[derive(Default)]
struct Wakes {
    ready: bool,
    anything: bool,
    ended: BTreeSet<Key>,
    stopping: BTreeSet<Key>,
}

impl Outbox {
    pub(super) fn put(&self, news: &[Wake]) {
        let mut wakes = self.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        for wake in news {
            match wake {
                Wake::Ready => wakes.ready = true,
                Wake::Ended(key) => drop(wakes.ended.insert(*key)),
                Wake::Stopping(key) => drop(wakes.stopping.insert(*key)),
                Wake::Anything => wakes.anything = true,
            }
        }
        if wakes.ended.len() + wakes.stopping.len() > MOST {
            *wakes = Wakes { anything: true, ..Wakes::default() };
        }
        drop(wakes);
        self.filled.notify_one();
    }

    /// All that is to be published, as one message.
    pub(super) fn take(&self) -> String {
        let wakes = std::mem::take(&mut *self.wakes.lock().unwrap_or_else(PoisonError::into_inner));
        let mut words = Vec::new();
        words.extend(wakes.anything.then(|| "*".to_owned()));
        words.extend(wakes.ready.then(|| "r".to_owned()));
        words.extend(wakes.ended.iter().map(|key| format!("e{key}")));
        words.extend(wakes.stopping.iter().map(|key| format!("s{key}")));
        words.join(" ")
    }
}

/// Reads a message. What makes no sense may mean anything.
pub(super) fn read(message: &[u8]) -> Vec<Wake> {
    let wake = |word: &str| {
        let key = |from: &str| from.parse().ok();
        match word.split_at_checked(1)? {
            ("r", "") => Some(Wake::Ready),
            ("e", rest) => key(rest).map(Wake::Ended),
            ("s", rest) => key(rest).map(Wake::Stopping),
            _ => None,
        }
    };
    let words = String::from_utf8_lossy(message);
    words.split_whitespace().take(2 * MOST).map(|word| wake(word).unwrap_or(Wake::Anything)).collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST, Outbox, Wake, read};

    #[test]
    fn what_is_announced_is_heard_once() {
        let outbox = Outbox::default();
        outbox.put(&[Wake::Ready, Wake::Ended(7), Wake::Ready, Wake::Stopping(9), Wake::Ended(7)]);
        assert_eq!(read(outbox.take().as_bytes()), [Wake::Ready, Wake::Ended(7), Wake::Stopping(9)]);
        assert_eq!(outbox.take(), "");
        for key in 0..=MOST as u64 {
            outbox.put(&[Wake::Ended(key)]);
        }
        assert_eq!(read(outbox.take().as_bytes()), [Wake::Anything]);
    }

    #[test]
    fn r22_nonsense_means_anything() {
        assert_eq!(read(b"e-1 \xff r2"), [Wake::Anything, Wake::Anything, Wake::Anything]);
        assert_eq!(read(b""), []);
    }
}
