//! Attempts that wait for something: they go on as tasks of tokio, and record their end themselves.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use smallvec::smallvec;

use super::attempt::{Job, in_time, log_hook, timeout_error};
use super::shared::Shared;
use crate::backend::{Backend, Claim, ClaimedProcess, Finished, JobEnd};
use crate::definition::context::{Context, Level};
use crate::definition::task::{TaskFuture, TaskResult};
use crate::definition::unwind::{poll, unwound};
use crate::words::clock::Deadline;
use crate::words::error::{CancelProcessError, TaskError};

/// How a suspended attempt came to an end.
enum Over {
    Ended(TaskResult),
    /// It took too long.
    Expired,
    /// The process was cancelled.
    Cancelled,
    /// The worker gives up; its jobs are given back.
    GivenUp,
}

/// Lets an attempt of a task or a hook go on.
pub(super) fn task<B: Backend>(
    job: Job<'_, B>,
    attempt: TaskFuture,
    told: Option<Context>,
    deadline: Option<Deadline>,
) {
    let (shared, process, claim) = owned(job);
    job.shared.runtime.spawn(async move {
        // A hook always comes to its end, and so does `around_task` round a plain function, which cannot be dropped.
        let can_drop = process.plan.task_of(claim.node).is_some_and(|task| task.is_async);
        let over = until_over(&shared, &process, attempt, deadline, can_drop).await;
        let job = Job { shared: &shared, process: &process, claim: &claim };
        let result = match over {
            Over::Ended(result) => result,
            Over::Expired => Err(timeout_error()),
            // Nobody is told of an attempt that was dropped.
            Over::Cancelled => {
                let (end, _) =
                    job.failed(TaskError::new(CancelProcessError::new("the process was cancelled")), None);
                return record(&shared, &process, end).await;
            }
            Over::GivenUp => return shared.finish(),
        };
        let Err(error) = result else {
            return record(&shared, &process, job.succeeded()).await;
        };
        let (end, hook) = job.failed(error, told);
        if let Some(hook) = hook {
            let mut hook: TaskFuture = Box::pin(async move { hook.await.map_err(TaskError::new) });
            log_hook(&process, "on_task_failed", poll_fn(|context| poll(&mut hook, context)).await);
        }
        record(&shared, &process, end).await;
    });
}

/// Lets `on_task_failed` go on, and records the end of the attempt afterwards.
pub(super) fn told<B: Backend>(job: Job<'_, B>, mut hook: TaskFuture, end: JobEnd) {
    let (shared, process, _) = owned(job);
    job.shared.runtime.spawn(async move {
        log_hook(&process, "on_task_failed", poll_fn(|context| poll(&mut hook, context)).await);
        record(&shared, &process, end).await;
    });
}

/// Records that a plain function has taken too long. It may still run, but its own end does not count any more.
pub(super) fn overdue<B: Backend>(shared: &Arc<Shared<B>>, process: &Arc<ClaimedProcess>, claim: &Claim) {
    let place = process.plan.nodes[claim.node as usize].place;
    let context = Context::new(Arc::clone(&process.session), place, claim.node, claim.attempt);
    let told = context.erased().erased().has_on_task_failed().then_some(context);
    let expired: TaskFuture = Box::pin(std::future::ready(Err(timeout_error())));
    shared.begin_extra();
    task(Job { shared, process, claim }, expired, told, None);
}

fn owned<B: Backend>(job: Job<'_, B>) -> (Arc<Shared<B>>, Arc<ClaimedProcess>, Claim) {
    let Claim { node, attempt, failed, undecoded, nonce, .. } = *job.claim;
    let event = job.claim.event.clone();
    let claim = Claim { node, attempt, failed, undecoded, nonce, event };
    (Arc::clone(job.shared), Arc::clone(job.process), claim)
}

async fn record<B: Backend>(shared: &Arc<Shared<B>>, process: &Arc<ClaimedProcess>, end: JobEnd) {
    let mut finished = vec![Finished { process: Arc::clone(process), jobs: smallvec![end] }];
    shared.exchange(&mut finished, 0, &mut Vec::new()).await;
    shared.finish();
}

/// Polls the attempt until it ends, takes too long, or is not wanted any more.
async fn until_over<B: Backend>(
    shared: &Shared<B>,
    process: &ClaimedProcess,
    mut attempt: TaskFuture,
    deadline: Option<Deadline>,
    can_drop: bool,
) -> Over {
    let mut expired = pin!(async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline.instant().into()).await,
            None => std::future::pending().await,
        }
    });
    let mut cancelled = pin!(process.session.signal.reached(Level::Drop));
    let mut given_up = pin!(shared.signal.reached(Level::Drop));
    let mut is_cancelled = false;
    let over = poll_fn(|context| {
        if let Poll::Ready(result) = poll(&mut attempt, context) {
            return Poll::Ready(Over::Ended(in_time(result, deadline)));
        }
        is_cancelled = is_cancelled || cancelled.as_mut().poll(context).is_ready();
        if is_cancelled && process.session.is_abandoned() {
            return Poll::Ready(Over::GivenUp);
        }
        if is_cancelled && can_drop {
            return Poll::Ready(Over::Cancelled);
        }
        if given_up.as_mut().poll(context).is_ready() {
            return Poll::Ready(Over::GivenUp);
        }
        expired.as_mut().poll(context).map(|()| Over::Expired)
    })
    .await;
    // What is dropped here is the user's, and may panic; the end of the attempt is recorded all the same (`R16`).
    let _ = unwound(|| drop(attempt));
    over
}
