//! One attempt of one job: runs the task or the hook, and judges how it ended.

use std::sync::Arc;
use std::task::{Context as PollContext, Poll, Waker};

use super::lane::Lane;
use super::observer::Attempt;
use super::shared::Shared;
use super::suspended;
use crate::backend::{Backend, Claim, ClaimedProcess, JobEnd, JobName};
use crate::definition::context::{Context, Level};
use crate::definition::erased::AnyDefinition;
use crate::definition::hooks::{HookEvent, HookFuture};
use crate::definition::task::{TaskFuture, TaskResult};
use crate::definition::unwind::{poll, unwound};
use crate::plan::NodeKind;
use crate::plan::rules::{JobFailure, Record, Verdict, judge};
use crate::words::clock::{Clock, Deadline, instant};
use crate::words::error::{BoxError, TaskError, TaskErrorKind, full_text};

/// A claimed job, and who runs it.
pub(super) struct Job<'a, B> {
    pub(super) shared: &'a Arc<Shared<B>>,
    pub(super) process: &'a Arc<ClaimedProcess>,
    pub(super) claim: &'a Claim,
}

impl<B> Clone for Job<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Job<'_, B> {}

/// How far an attempt came on its lane.
pub(super) enum Ran {
    Ended(JobEnd),
    /// It waits for something, and goes on elsewhere.
    Suspended,
}

/// What a lane keeps from job to job, so as not to make it anew.
#[derive(Default)]
pub(super) struct Desk {
    context: Option<Context>,
}

impl Desk {
    /// Runs an attempt, as far as it gets without waiting.
    pub(super) fn run<B: Backend>(&mut self, job: Job<'_, B>, lane: &Lane) -> Ran {
        let plan = &job.process.plan;
        if plan.nodes[job.claim.node as usize].kind != NodeKind::Task {
            return run_hook(job);
        }
        let Some(task) = plan.task_of(job.claim.node) else {
            return conclude(job, None, Err(unknown_task(job)));
        };
        if job.process.session.signal.level() != Level::Run {
            return Ran::Ended(job.not_begun());
        }
        job.tell_begun();
        let mut context = self.context_of(job);
        let definition = job.definition();
        let told = definition.has_on_task_failed().then(|| context.share());
        let timeout = task.policy.timeout.or(job.shared.policy.timeout);
        let deadline = timeout.and_then(Deadline::after);
        context.expire_at(deadline);
        if definition.has_around() {
            return run_future(job, told, deadline, || Arc::clone(definition).run_around(context));
        }
        tracing::info!(
            "Executing '{}' ({}) of {} process [{}].",
            context.description().unwrap_or_default(),
            task.name,
            definition.name(),
            context.identifier()
        );
        if task.is_async {
            return run_future(job, told, deadline, || definition.run_async(context.task_index(), context));
        }
        if let Some(timeout) = timeout {
            lane.expire_at(job.shared.clock.now().after(timeout));
        }
        self.run_plain(job, lane, context, told, deadline)
    }

    fn context_of<B>(&mut self, job: Job<'_, B>) -> Context {
        let place = job.process.plan.nodes[job.claim.node as usize].place;
        let (session, node, attempt) = (&job.process.session, job.claim.node, job.claim.attempt);
        if let Some(mut context) = self.context.take()
            && context.reuse(session, place, node, attempt)
        {
            return context;
        }
        Context::new(Arc::clone(session), place, node, attempt)
    }

    fn run_plain<B: Backend>(
        &mut self,
        job: Job<'_, B>,
        lane: &Lane,
        context: Context,
        told: Option<Context>,
        deadline: Option<Deadline>,
    ) -> Ran {
        let result = match unwound(|| job.definition().run_plain(context.task_index(), context)) {
            Ok((result, context)) => {
                self.context = Some(context);
                result
            }
            Err(panic) => Err(panic),
        };
        if deadline.is_some() && !lane.is_in_time() {
            // It has been recorded as too late, and told so; this end does not count any more.
            return Ran::Ended(job.end(None));
        }
        conclude(job, told, in_time(result, deadline))
    }
}

/// Starts a future and polls it once: many async tasks wait for nothing, and are done by then.
fn run_future<B: Backend>(
    job: Job<'_, B>,
    told: Option<Context>,
    deadline: Option<Deadline>,
    start: impl FnOnce() -> TaskFuture,
) -> Ran {
    let mut attempt = match unwound(start) {
        Ok(attempt) => attempt,
        Err(panic) => return conclude(job, told, Err(panic)),
    };
    match poll(&mut attempt, &mut PollContext::from_waker(Waker::noop())) {
        Poll::Ready(result) => conclude(job, told, in_time(result, deadline)),
        Poll::Pending => {
            suspended::task(job, attempt, told, deadline);
            Ran::Suspended
        }
    }
}

/// Ends an attempt of a task; if it failed, `on_task_failed` is told first.
fn conclude<B: Backend>(job: Job<'_, B>, told: Option<Context>, result: TaskResult) -> Ran {
    let Err(error) = result else {
        return Ran::Ended(job.succeeded());
    };
    let (end, hook) = job.failed(error, told);
    let Some(hook) = hook else { return Ran::Ended(end) };
    let mut hook = as_attempt(hook);
    match poll(&mut hook, &mut PollContext::from_waker(Waker::noop())) {
        Poll::Ready(result) => {
            log_hook(job.process, "on_task_failed", result);
            Ran::Ended(end)
        }
        Poll::Pending => {
            suspended::told(job, hook, end);
            Ran::Suspended
        }
    }
}

/// Runs `on_started`, or the hook that ends a process.
fn run_hook<B: Backend>(job: Job<'_, B>) -> Ran {
    job.tell_begun();
    let plan = &job.process.plan;
    let record = &plan.nodes[job.claim.node as usize];
    let event = match (&job.claim.event, record.kind) {
        (Some(event), _) => (**event).clone(),
        (None, NodeKind::Started) => HookEvent::Started,
        (None, _) => HookEvent::Completed,
    };
    let definition = plan.definition_of(record.scope).erased();
    if !definition.has_hook(&event) {
        log_event(definition.name(), &plan.identifier, &event);
        return Ran::Ended(job.succeeded());
    }
    let identifier = Arc::clone(&plan.identifier);
    let start = || match Arc::clone(definition).run_hook(identifier, event) {
        Some(hook) => as_attempt(hook),
        None => Box::pin(std::future::ready(Ok(()))),
    };
    run_future(job, None, None, start)
}

/// A hook as something that ends like a task.
fn as_attempt(hook: HookFuture<'static>) -> TaskFuture {
    Box::pin(async move { hook.await.map_err(TaskError::new) })
}

/// What the original logs of a process's life, where the definition has no hook of its own.
fn log_event(definition: &str, identifier: &str, event: &HookEvent) {
    match event {
        HookEvent::Started => tracing::info!("{definition} started [{identifier}]."),
        HookEvent::Completed => tracing::info!("{definition} completed [{identifier}]."),
        HookEvent::Cancelled => tracing::warn!("{definition} cancelled [{identifier}]."),
        HookEvent::Failed { step, error } => {
            tracing::error!("{definition} failed executing {step} step [{identifier}].\n{}", text_of(error));
        }
    }
}

/// The text of the user's error, which may panic when it is asked for it.
fn text_of(error: &TaskError) -> String {
    unwound(|| full_text(error.error()))
        .unwrap_or_else(|panic| format!("an error that cannot be shown: {panic}"))
}

/// A hook that fails is shown, and changes nothing (`R14`).
pub(super) fn log_hook(process: &ClaimedProcess, hook: &str, result: TaskResult) {
    if let Err(error) = result {
        tracing::error!(
            identifier = process.plan.identifier(),
            hook,
            error = text_of(&error),
            "a hook has failed"
        );
    }
}

impl<'a, B> Job<'a, B> {
    /// The end of a successful attempt.
    pub(super) fn succeeded(&self) -> JobEnd {
        if tracing::enabled!(tracing::Level::INFO)
            && let Some(task) = self.process.plan.task_of(self.claim.node)
        {
            let description =
                self.process.plan.node(self.claim.node as usize).and_then(|node| node.description());
            tracing::info!(
                "Completed '{}' ({}) of {} process [{}].",
                description.unwrap_or_default(),
                task.name,
                self.definition().name(),
                self.process.plan.identifier
            );
        }
        self.end(None)
    }

    /// The end of a job that was claimed, but not begun before its process stopped (`R12`).
    fn not_begun(&self) -> JobEnd {
        let error = Arc::new(TaskError::new("the process has stopped"));
        self.end(Some(Box::new(JobFailure { error, verdict: Verdict::NotBegun })))
    }

    /// The end of a failed attempt, judged, and the hook that is to be told of it first.
    pub(super) fn failed(
        &self,
        error: TaskError,
        told: Option<Context>,
    ) -> (JobEnd, Option<HookFuture<'static>>) {
        let plan = &self.process.plan;
        let policy = plan.policy_of(self.claim.node).or(self.shared.policy);
        let kind = plan.nodes[self.claim.node as usize].kind;
        let record = Record {
            kind,
            failed: self.claim.failed.saturating_add(1),
            undecoded: self.shared.has_others.then_some(self.claim.undecoded),
            put_backs: self.shared.put_backs,
            seed: (u64::from(self.claim.nonce) << 32) | u64::from(self.claim.node),
        };
        let verdict = judge(&error, &policy, record);
        if let Verdict::PutBack { after } = verdict {
            self.shared.give_way(after);
        }
        self.log(&error, &verdict);
        let error = Arc::new(error);
        let hook =
            told.map(|context| Arc::clone(self.definition()).run_on_task_failed(context, Arc::clone(&error)));
        (self.end(Some(Box::new(JobFailure { error, verdict }))), hook)
    }

    fn tell_begun(&self) {
        if let Some(observer) = &self.shared.observer {
            observer.begun(&Attempt::of_claim(self.process, self.claim, instant()));
        }
    }

    fn definition(&self) -> &'a Arc<dyn AnyDefinition> {
        let plan = &self.process.plan;
        plan.definition_of(plan.nodes[self.claim.node as usize].scope).erased()
    }

    fn end(&self, failure: Option<Box<JobFailure>>) -> JobEnd {
        let Claim { node, attempt, nonce, .. } = *self.claim;
        JobEnd { node, attempt, nonce, what: self.claim.what(self.process.plan()), failure }
    }

    fn log(&self, error: &TaskError, verdict: &Verdict) {
        let what = match (self.process.plan.task_of(self.claim.node), self.claim.what(&self.process.plan)) {
            (Some(task), _) => format!("task '{}'", task.name),
            (None, JobName::Hook(hook)) => format!("'{}' of {}", hook.name(), self.definition().name()),
            (None, JobName::Task) => "a task".to_owned(),
        };
        let (identifier, attempt) = (&*self.process.plan.identifier, self.claim.attempt);
        let text = text_of(error);
        match verdict {
            Verdict::Retry { after } => {
                tracing::error!(
                    identifier,
                    attempt,
                    "Failed to execute {what}: {text}. It is tried again in {after:?}."
                );
            }
            Verdict::PutBack { after } => {
                tracing::warn!(
                    identifier,
                    attempt,
                    "The arguments of {what} cannot be read here: {text}. They are put back for {after:?}."
                );
            }
            Verdict::NotBegun => {}
            Verdict::Cancel if self.process.session.signal.level() != Level::Run => {
                tracing::warn!(identifier, attempt, "Dropped {what}: its process has stopped.");
            }
            Verdict::Cancel => {
                tracing::warn!(identifier, attempt, "The process is cancelled by {what}: {text}.");
            }
            Verdict::Fail | Verdict::GiveUp if error.kind() == TaskErrorKind::NonRetryable => {
                tracing::error!(
                    identifier,
                    attempt,
                    "Failed to execute {what}, a non-retryable error was raised: {text}."
                );
            }
            Verdict::Fail | Verdict::GiveUp => {
                tracing::error!(identifier, attempt, "Failed to execute {what}: {text}.");
            }
        }
    }
}

/// A task that this program does not have; nobody should have given it the job (`R17`).
fn unknown_task<B>(job: Job<'_, B>) -> TaskError {
    let name = job.process.plan.task_name(job.claim.node).unwrap_or_default();
    TaskError::of_kind(
        TaskErrorKind::BadPayload,
        format!("the task `{name}` is not registered in this program"),
    )
}

/// The result of an attempt, if it came in time. What came too late does not count, whatever it is: a task that sees
/// that its time is over may stop half-way.
pub(super) fn in_time(result: TaskResult, deadline: Option<Deadline>) -> TaskResult {
    if deadline.is_some_and(Deadline::has_passed) { Err(timeout_error()) } else { result }
}

/// The error of an attempt that took too long (`R15`).
pub(super) fn timeout_error() -> TaskError {
    let error: BoxError = "the attempt took longer than its timeout".into();
    TaskError::of_kind(TaskErrorKind::Timeout, error)
}
