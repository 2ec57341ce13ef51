//! Time as a value: the only place that asks the operating system what time it is.

use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "sqlite")]
use std::time::UNIX_EPOCH;
use std::time::{Duration, Instant, SystemTime};

/// A moment on a clock that never goes backwards, in nanoseconds since the clock was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub u64);

impl Moment {
    /// This moment, later by `duration`; the end of time where that cannot be counted.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// The time from `earlier` until this moment; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Where a backend reads the time from.
pub trait Clock: Send + Sync + 'static {
    /// The present moment. Never earlier than an answer given before.
    fn now(&self) -> Moment;
}

/// The computer's monotonic clock.
#[derive(Debug, Clone)]
pub struct SystemClock {
    origin: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment(u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

/// The host's time of day in milliseconds since 1970. It may go backwards, when somebody sets the clock.
#[cfg(feature = "sqlite")]
pub(crate) fn unix_milliseconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A moment on the computer's own clock by which something must be over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// So long from now; none where that cannot be counted.
    pub(crate) fn after(time: Duration) -> Option<Self> {
        Instant::now().checked_add(time).map(Self)
    }

    /// Whether it has passed.
    pub(crate) fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }

    /// The same moment for tokio's timers.
    pub(crate) fn instant(self) -> Instant {
        self.0
    }
}

/// The present moment, for measuring and for timers.
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// The present time of the calendar.
pub(crate) fn wall_time() -> SystemTime {
    SystemTime::now()
}

/// A clock for tests: it stands still until it is moved.
///
/// ```
/// use std::time::Duration;
/// use tasktronaut::clock::{Clock, ManualClock};
///
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().since(before), Duration::from_secs(60));
/// ```
#[derive(Debug, Default)]
pub struct ManualClock {
    nanoseconds: AtomicU64,
}

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.nanoseconds.load(Ordering::SeqCst))
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Moment {
        (**self).now()
    }
}
