//! Waiting on a thread that may block, and knowing that it may.
//!
//! A worker's own threads may. Whatever they call can then wait for a file or a socket right there, instead of asking
//! another thread and being woken by it, which takes as long as many an answer.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

thread_local! {
    static IS_ALLOWED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the caller may block: it is called, directly or not, by [`block_on`].
#[cfg(any(test, feature = "postgres", feature = "redis", feature = "sqlite"))]
pub(crate) fn is_allowed() -> bool {
    IS_ALLOWED.get()
}

/// Runs a future to its end, on a thread that has nothing else to do.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let _restored = Restored(IS_ALLOWED.replace(true));
    let mut future = pin!(future);
    // Most are ready at once, and need nobody to wake them.
    if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return output;
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}

/// What was allowed before is so again.
struct Restored(bool);

impl Drop for Restored {
    fn drop(&mut self) {
        IS_ALLOWED.set(self.0);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::{block_on, is_allowed};

    #[test]
    fn only_what_is_run_here_may_block() {
        assert!(!is_allowed());
        assert!(block_on(async { is_allowed() }));
        assert!(!is_allowed());
        assert!(std::panic::catch_unwind(|| block_on(async { panic!("in the middle") })).is_err());
        assert!(!is_allowed());
    }

    #[test]
    fn what_is_not_ready_is_waited_for() {
        let (say, heard) = tokio::sync::oneshot::channel();
        let other = std::thread::spawn(move || say.send(7));
        assert_eq!(block_on(heard), Ok(7));
        assert_eq!(other.join().unwrap(), Ok(()));
    }
}
