//! How often, how soon and how long: retries, backoff and timeouts as pure functions.

use std::time::Duration;

/// What a task, a process or a worker asks for; what is left open is asked of the next of the three (`R9`).
///
/// ```
/// use std::time::Duration;
/// use tasktronaut::Policy;
///
/// let task = Policy::new().retries(3);
/// let worker = Policy::new().retries(1).timeout(Duration::from_secs(60));
/// let both = task.or(worker);
/// assert_eq!(both, Policy::new().retries(3).timeout(Duration::from_secs(60)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    pub(crate) retries: Option<u32>,
    pub(crate) backoff: Option<Duration>,
    pub(crate) backoff_cap: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) finish_siblings: bool,
}

impl Policy {
    /// A policy that asks for nothing: one attempt, no timeout.
    pub const fn new() -> Self {
        Self { retries: None, backoff: None, backoff_cap: None, timeout: None, finish_siblings: false }
    }

    /// How often a failed attempt is repeated: `n` retries are `n + 1` attempts (`R9`).
    #[must_use]
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    /// The pause before the first retry; it doubles from retry to retry (`R10`). Default: 1 s.
    #[must_use]
    pub const fn backoff(mut self, first: Duration) -> Self {
        self.backoff = Some(first);
        self
    }

    /// The longest pause between two attempts (`R10`). Default: 10 min.
    #[must_use]
    pub const fn backoff_cap(mut self, longest: Duration) -> Self {
        self.backoff_cap = Some(longest);
        self
    }

    /// How long it may take (`R15`): one attempt where a task or a worker asks for it, the whole process where a
    /// process does.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// After a failure, let everything go on that does not depend on what failed (`R12`). Only a process can ask
    /// for it; otherwise a failure stops the process.
    #[must_use]
    pub const fn finish_siblings(mut self) -> Self {
        self.finish_siblings = true;
        self
    }

    /// [`backoff`](Self::backoff) in milliseconds, for generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn backoff_ms(self, milliseconds: u64) -> Self {
        self.backoff(Duration::from_millis(milliseconds))
    }

    /// [`timeout`](Self::timeout) in milliseconds, for generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn timeout_ms(self, milliseconds: u64) -> Self {
        self.timeout(Duration::from_millis(milliseconds))
    }

    /// This policy, and `other` where this one leaves something open.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            retries: self.retries.or(other.retries),
            backoff: self.backoff.or(other.backoff),
            backoff_cap: self.backoff_cap.or(other.backoff_cap),
            timeout: self.timeout.or(other.timeout),
            finish_siblings: self.finish_siblings || other.finish_siblings,
        }
    }

    /// Whether another attempt follows the `failed`th failed one.
    pub(crate) fn allows_retry(&self, failed: u32) -> bool {
        failed <= self.retries.unwrap_or(0)
    }

    /// `R10`: the pause after the `failed`th failed attempt, between half and the whole of `first * 2^(failed - 1)`,
    /// which half depending on `seed`.
    pub(crate) fn pause(&self, failed: u32, seed: u64) -> Duration {
        let first = self.backoff.unwrap_or(DEFAULT_BACKOFF);
        let cap = self.backoff_cap.unwrap_or(DEFAULT_BACKOFF_CAP);
        let doubled = first.saturating_mul(1_u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX));
        let whole = doubled.min(cap);
        let half = whole / 2;
        let spread = u64::try_from(whole.saturating_sub(half).as_nanos()).unwrap_or(u64::MAX);
        half + Duration::from_nanos(scramble(seed) % spread.saturating_add(1))
    }
}

const DEFAULT_BACKOFF: Duration = Duration::from_secs(1);
const DEFAULT_BACKOFF_CAP: Duration = Duration::from_mins(10);

/// Spreads neighbouring numbers over all of `u64` (the finaliser of `SplitMix64`).
pub(crate) fn scramble(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_repeated_that_nobody_asked_for() {
        assert!(!Policy::new().allows_retry(1));
        assert!(Policy::new().retries(2).allows_retry(2));
        assert!(!Policy::new().retries(2).allows_retry(3));
    }

    #[test]
    fn the_pause_doubles_up_to_the_cap_and_keeps_at_least_half() {
        let policy =
            Policy::new().backoff(Duration::from_millis(100)).backoff_cap(Duration::from_millis(350));
        for seed in 0..200 {
            for (failed, whole) in [(1, 100), (2, 200), (3, 350), (40, 350), (u32::MAX, 350)] {
                let pause = policy.pause(failed, seed).as_millis();
                assert!((whole / 2..=whole).contains(&pause), "attempt {failed}, seed {seed}: {pause} ms");
            }
        }
    }
}
