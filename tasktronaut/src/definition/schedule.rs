//! When and where a process is to run: its queue, its priority and a delayed start.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::words::clock::wall_time;

/// The queue of what asks for none.
pub(crate) const DEFAULT_QUEUE: &str = "default";

/// What a built process asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schedule {
    /// The process's own queue, else its definition's.
    pub(crate) queue: Option<Arc<str>>,
    /// Higher goes first.
    pub(crate) priority: i16,
    /// `None` is at once.
    pub(crate) start: Option<Start>,
}

/// When the first job may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// So long after the process is enqueued, by the clock of the store.
    After(Duration),
    /// At this time.
    At(SystemTime),
}

impl Start {
    /// How long it is until then, for a process that is enqueued now.
    pub(crate) fn pause(self) -> Duration {
        match self {
            Self::After(pause) => pause,
            Self::At(time) => time.duration_since(wall_time()).unwrap_or_default(),
        }
    }

    /// The time, for a process that is enqueued now. What lies beyond the calendar is as late as can be told.
    pub(crate) fn from(self, now: SystemTime) -> SystemTime {
        match self {
            Self::At(time) => time,
            Self::After(delay) => now.checked_add(delay).or_else(|| now.checked_add(CENTURY)).unwrap_or(now),
        }
    }
}

const CENTURY: Duration = Duration::from_hours(100 * 366 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_counts_from_now_and_a_time_does_not() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
        assert_eq!(Start::After(Duration::from_secs(5)).from(now), now + Duration::from_secs(5));
        assert_eq!(Start::At(SystemTime::UNIX_EPOCH).from(now), SystemTime::UNIX_EPOCH);
        assert!(Start::After(Duration::MAX).from(now) > now);
    }
}
