//! R11, R13 and R17: what the errors of a task mean.

use crate::plan::Outcome;
use crate::testing::stage::lab::{AT_ONCE, Lab, plain};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Opener, Place};
use crate::words::error::{
    BoxError, CancelProcessError, NonRetryableProcessError, ResultExt, TaskError, TaskErrorKind, full_text,
};
use crate::words::policy::Policy;

/// What fails, what kind of failure it is, and how many attempts are made.
type Case = (fn() -> TaskError, TaskErrorKind, u32);

pub(super) async fn each_kind_of_error_is_kept_with_its_text<O: Opener>(place: Place<O>) -> CaseResult {
    let cases: [Case; 5] = [
        (|| TaskError::new("text"), TaskErrorKind::Failed, 2),
        (|| TaskError::new(NonRetryableProcessError::new("for good")), TaskErrorKind::NonRetryable, 1),
        (
            || TaskError::new(Err::<(), _>(BoxError::from("inside")).non_retryable().unwrap_err()),
            TaskErrorKind::NonRetryable,
            1,
        ),
        (|| panic!("boom"), TaskErrorKind::Panic, 2),
        (|| TaskError::new("\u{0} \u{e9}\n\"'$1 {}"), TaskErrorKind::Failed, 2),
    ];
    for (number, (make, kind, attempts)) in cases.into_iter().enumerate() {
        let world = World::new();
        world.plain("a", move |_| Err(make()));
        let policy = Policy::new().retries(1).backoff(AT_ONCE);
        let ended = place.run(Lab::new(&world, plain("a")).policy(policy)).await?;
        let Outcome::Failed(failure) = &ended.outcome else { panic!("{number}: {:?}", ended.outcome) };
        assert_eq!(failure.error().kind(), kind, "{number}");
        assert_eq!((failure.definition(), failure.step()), ("main", "plain"));
        let job = ended.status.tasks().next().unwrap();
        assert_eq!((job.attempt, job.failed), (attempts, attempts), "{number}");
        let error = job.error.as_ref().unwrap();
        assert_eq!(error.kind(), kind, "{number}");
        assert!(!full_text(error.error()).is_empty());
        if number == 4 {
            assert_eq!(error.to_string(), "\u{0} \u{e9}\n\"'$1 {}");
        }
    }
    Ok(())
}

pub(super) async fn the_reason_of_a_cancellation_is_kept<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new(CancelProcessError::new("it's \"enough\""))));
    let ended = place.run(Lab::new(&world, plain("a"))).await?;
    assert!(matches!(&ended.outcome, Outcome::Cancelled { reason } if &**reason == "it's \"enough\""));
    assert!(matches!(ended.status.outcome, Some(Outcome::Cancelled { .. })));
    Ok(())
}
