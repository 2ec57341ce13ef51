//! What the end of an attempt means: retry, failure or cancellation. Decided here and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use super::graph::NodeKind;
use crate::words::error::{TaskError, TaskErrorKind};
use crate::words::policy::Policy;

/// How often a failed hook is repeated: its own budget, apart from the tasks' (`R14`).
const HOOK_RETRIES: u32 = 2;

/// What becomes of a job whose attempt has ended with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Another attempt follows after a pause (`R9`, `R10`).
    Retry {
        /// How long to wait.
        after: Duration,
    },
    /// The job has failed, and with it the process (`R11`, `R12`).
    Fail,
    /// The process is cancelled (`R13`).
    Cancel,
    /// A hook is given up; the process goes on as if it had succeeded (`R14`).
    GiveUp,
    /// The arguments could not be read here; somebody else may after a pause. Not charged (`R17`).
    PutBack {
        /// How long to wait.
        after: Duration,
    },
    /// The job was claimed, but its process stopped before it was begun (`R12`).
    NotBegun,
}

/// A failed attempt, and the verdict on it.
#[derive(Debug, Clone)]
pub(crate) struct JobFailure {
    pub(crate) error: Arc<TaskError>,
    pub(crate) verdict: Verdict,
}

/// Arguments that cannot be read are put back so often, unless a worker is told otherwise: 1 + 2 + 4 + 8 s and 59 times
/// 10 s are ten minutes (`R17`).
pub(crate) const DEFAULT_PUT_BACKS: u32 = 63;

/// The longest pause between two attempts to read arguments. Which worker has the job then is left to chance, so one
/// old program among twenty new ones needs many turns.
const LONGEST_PUT_BACK: Duration = Duration::from_secs(10);

/// What is known of a job whose attempt has failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    pub(crate) kind: NodeKind,
    /// How many attempts have failed, this one included.
    pub(crate) failed: u32,
    /// How often its arguments could not be read before, where another program may be able to; nothing where there
    /// is no other.
    pub(crate) undecoded: Option<u32>,
    /// How often that may be.
    pub(crate) put_backs: u32,
    /// Spreads the pauses of jobs that fail together.
    pub(crate) seed: u64,
}

/// Judges a failed attempt of a job.
pub(crate) fn judge(error: &TaskError, policy: &Policy, record: Record) -> Verdict {
    let Record { kind, failed, undecoded, put_backs, seed } = record;
    if kind != NodeKind::Task {
        let budget = Policy::new().retries(HOOK_RETRIES);
        return if budget.allows_retry(failed) {
            Verdict::Retry { after: policy.pause(failed, seed) }
        } else {
            Verdict::GiveUp
        };
    }
    match error.kind() {
        TaskErrorKind::BadPayload if undecoded.is_some_and(|before| before < put_backs) => {
            let before = undecoded.unwrap_or_default();
            Verdict::PutBack { after: Duration::from_secs(1 << before.min(4)).min(LONGEST_PUT_BACK) }
        }
        TaskErrorKind::Cancel => Verdict::Cancel,
        TaskErrorKind::Failed | TaskErrorKind::Panic | TaskErrorKind::Timeout
            if policy.allows_retry(failed) =>
        {
            Verdict::Retry { after: error.retry_after().unwrap_or_else(|| policy.pause(failed, seed)) }
        }
        _ => Verdict::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::error::{CancelProcessError, NonRetryableProcessError, RetryAfter};

    fn record(kind: NodeKind, failed: u32, undecoded: Option<u32>) -> Record {
        Record { kind, failed, undecoded, put_backs: DEFAULT_PUT_BACKS, seed: 0 }
    }

    fn verdict(error: &TaskError, failed: u32, retries: u32) -> Verdict {
        let policy = Policy::new().retries(retries).backoff(Duration::ZERO);
        judge(error, &policy, record(NodeKind::Task, failed, None))
    }

    #[test]
    fn r17_arguments_that_cannot_be_read_are_put_back_for_ten_minutes() {
        let error = TaskError::of_kind(TaskErrorKind::BadPayload, "x");
        let judge = |undecoded| judge(&error, &Policy::new(), record(NodeKind::Task, 1, undecoded));
        let mut waited = Duration::ZERO;
        let mut before = 0;
        while let Verdict::PutBack { after } = judge(Some(before)) {
            waited += after;
            before += 1;
        }
        assert_eq!(judge(Some(before)), Verdict::Fail);
        assert_eq!(waited, Duration::from_secs(605));
        assert_eq!(judge(None), Verdict::Fail, "where nobody else can read them, waiting is of no use");
    }

    #[test]
    fn r9_retries_are_counted_and_none_is_the_default() {
        let at_once = Verdict::Retry { after: Duration::ZERO };
        assert_eq!(verdict(&TaskError::new("x"), 1, 0), Verdict::Fail);
        assert_eq!(verdict(&TaskError::new("x"), 1, 1), at_once);
        assert_eq!(verdict(&TaskError::new("x"), 2, 1), Verdict::Fail);
        assert_eq!(verdict(&TaskError::of_kind(TaskErrorKind::Panic, "x"), 1, 1), at_once);
        assert_eq!(verdict(&TaskError::of_kind(TaskErrorKind::Timeout, "x"), 1, 1), at_once);
    }

    #[test]
    fn r10_an_error_may_name_its_own_pause_but_grants_no_attempt() {
        let pause = Duration::from_secs(7);
        let error = || TaskError::new(RetryAfter::new(pause, "busy"));
        assert_eq!(verdict(&error(), 1, 1), Verdict::Retry { after: pause });
        assert_eq!(verdict(&error(), 2, 1), Verdict::Fail);
    }

    #[test]
    fn r11_r13_signals_are_never_repeated() {
        assert_eq!(verdict(&TaskError::new(NonRetryableProcessError::new("x")), 1, 9), Verdict::Fail);
        assert_eq!(verdict(&TaskError::new(CancelProcessError::new("x")), 1, 9), Verdict::Cancel);
    }

    #[test]
    fn r14_a_hook_has_a_budget_of_its_own_and_is_then_given_up() {
        let judge =
            |failed| judge(&TaskError::new("x"), &Policy::new(), record(NodeKind::Terminal, failed, None));
        assert!(matches!(judge(HOOK_RETRIES), Verdict::Retry { .. }));
        assert_eq!(judge(HOOK_RETRIES + 1), Verdict::GiveUp);
    }
}
