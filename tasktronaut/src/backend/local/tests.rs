//! The operations of the store, one by one, with a clock that stands still.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use smallvec::smallvec;

use super::{LocalBackend, LocalOptions};
use crate::backend::record::{
    Bell, Claim, ClaimedProcess, Finished, JobEnd, Membership, ProcessStatus, WorkerId,
};
use crate::backend::{Backend, BackendError, EnqueueError, Enqueued, Exchanged};
use crate::clock::ManualClock;
use crate::definition::context::Level;
use crate::definition::hooks::HookEvent;
use crate::plan::rules::{JobFailure, Verdict};
use crate::plan::{JobState, Outcome};
use crate::{
    Arguments, BuildError, Builder, Definition, Policy, ProcessBuilder, ProcessDefinition, Registry, Task,
    TaskError, TaskErrorKind,
};

/// Draws its graph with a function.
struct Drawn {
    name: &'static str,
    policy: Policy,
    draw: fn(&mut Builder<Drawn>),
}

impl ProcessDefinition for Drawn {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Drawn>] = &[
            Task::plain("a", |_| Ok(())),
            Task::plain("b", |_| Ok(())),
            Task::plain("c", |_| Ok(())),
            Task::plain("d", |_| Ok(())),
        ];
        TASKS
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        (self.draw)(builder);
        Ok(())
    }
}

fn one(builder: &mut Builder<Drawn>) {
    builder.task("a");
}

fn diamond(builder: &mut Builder<Drawn>) {
    builder.task("a").concurrent(|builder| {
        builder.task("b").task("c");
    });
    builder.task("d");
}

fn two_chains(builder: &mut Builder<Drawn>) {
    builder.concurrent(|builder| {
        for _ in 0..2 {
            builder.sequential(|builder| {
                for _ in 0..20 {
                    builder.task("a");
                }
            });
        }
    });
}

fn sub_beside_b(builder: &mut Builder<Drawn>) {
    let inner = Definition::new(Drawn { name: "inner", policy: Policy::new(), draw: one });
    builder.concurrent(|builder| {
        builder.sub_process_of(&inner).task("b");
    });
}

/// A store, and a worker that does by hand what a test says.
struct Hand {
    backend: LocalBackend,
    clock: Arc<ManualClock>,
    worker: WorkerId,
    last: Exchanged,
}

/// A claimed job, with its name.
struct Job {
    process: Arc<ClaimedProcess>,
    claim: Claim,
    name: &'static str,
}

/// Every operation of this backend is over at once.
fn now<T>(operation: impl Future<Output = T>) -> T {
    match std::pin::pin!(operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits for something"),
    }
}

fn membership(bell: &Arc<Bell>) -> Membership {
    Membership {
        registry: Registry::new(),
        queues: Arc::new(["default".to_owned()]),
        definitions: None,
        lease: Duration::from_secs(30),
        max_lost: 3,
        bell: Arc::clone(bell),
    }
}

impl Hand {
    fn new() -> Self {
        Self::with(LocalOptions::default())
    }

    fn with(options: LocalOptions) -> Self {
        let clock = Arc::new(ManualClock::default());
        let backend = LocalBackend::with(options.clock(Arc::clone(&clock)));
        Self { backend, clock, worker: WorkerId::random(), last: Exchanged::default() }
    }

    fn enqueue(
        &self,
        identifier: &str,
        policy: Policy,
        draw: fn(&mut Builder<Drawn>),
    ) -> Result<Enqueued, EnqueueError> {
        let registry = Registry::new().with(Drawn { name: "drawn", policy, draw }).unwrap();
        let builder =
            ProcessBuilder::<Drawn>::new(Arguments::new()).registry(&registry).identifier(identifier);
        now(self.backend.enqueue(vec![Arc::new(builder.build().unwrap().plan())])).remove(0)
    }

    fn claim(&mut self, wanted: usize) -> Vec<Job> {
        self.claim_for(self.worker, wanted)
    }

    fn claim_for(&mut self, worker: WorkerId, wanted: usize) -> Vec<Job> {
        self.exchange(worker, &mut Vec::new(), wanted)
    }

    fn exchange(&mut self, worker: WorkerId, finished: &mut Vec<Finished>, wanted: usize) -> Vec<Job> {
        let mut claimed = Vec::new();
        self.last = now(self.backend.exchange(worker, finished, wanted, &mut claimed)).unwrap();
        let mut jobs = Vec::new();
        for group in claimed {
            // Last first.
            for claim in group.jobs.into_iter().rev() {
                let name = group.process.plan.task_of(claim.node).map_or("hook", |task| task.name);
                jobs.push(Job { process: Arc::clone(&group.process), claim, name });
            }
        }
        jobs
    }

    /// Claims the next job, which must have this name.
    fn next(&mut self, name: &str) -> Job {
        let job = self.claim(1).pop().unwrap_or_else(|| panic!("nothing is ready, not even `{name}`"));
        assert_eq!(job.name, name);
        job
    }

    /// Ends an attempt; the answer is how many ends were lost.
    fn end(&mut self, job: &Job, verdict: Option<Verdict>) -> usize {
        let mut finished = vec![finished(job, verdict)];
        self.exchange(self.worker, &mut finished, 0);
        assert!(finished.is_empty());
        self.last.lost.len()
    }

    fn succeed(&mut self, job: &Job) {
        assert_eq!(self.end(job, None), 0);
    }

    fn fail(&mut self, job: &Job, verdict: Verdict) {
        assert_eq!(self.end(job, Some(verdict)), 0);
    }

    /// Runs everything that is ready, and what follows it, to a good end.
    fn finish(&mut self) {
        while let Some(job) = self.claim(1).pop() {
            self.succeed(&job);
        }
    }

    fn status(&self, identifier: &str) -> ProcessStatus {
        now(self.backend.status(identifier)).unwrap()
    }

    fn state(&self, identifier: &str, task: &str) -> (JobState, u32) {
        let status = self.status(identifier);
        let job = status.tasks().find(|job| &*job.name == task).unwrap();
        (job.state, job.attempt)
    }
}

/// The end of an attempt, as it is recorded.
fn finished(job: &Job, verdict: Option<Verdict>) -> Finished {
    let Claim { node, attempt, nonce, .. } = job.claim;
    let failure =
        verdict.map(|verdict| Box::new(JobFailure { error: Arc::new(TaskError::new("no")), verdict }));
    let what = job.claim.what(&job.process.plan);
    let end = JobEnd { node, attempt, nonce, what, failure };
    Finished { process: Arc::clone(&job.process), jobs: smallvec![end] }
}

#[test]
fn r3_a_claim_raises_the_attempt_and_sets_another_fence() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new(), one).unwrap();
    hand.finish_started();
    let first = hand.next("a");
    assert!(hand.claim(9).is_empty(), "a job is claimed once");
    hand.fail(&first, Verdict::Retry { after: Duration::ZERO });
    let second = hand.next("a");
    assert_eq!((first.claim.attempt, second.claim.attempt), (1, 2));
    assert_eq!((first.claim.failed, second.claim.failed), (0, 1));
    assert_ne!(first.claim.nonce, second.claim.nonce);
}

impl Hand {
    /// Claims and ends the first hook.
    fn finish_started(&mut self) {
        let started = self.next("hook");
        self.succeed(&started);
    }
}

#[test]
fn r4_an_end_whose_fence_does_not_hold_is_dropped_and_counted() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new(), one).unwrap();
    hand.finish_started();
    let mut job = hand.next("a");
    job.claim.nonce ^= 1;
    assert_eq!(hand.end(&job, None), 1);
    job.claim.nonce ^= 1;
    job.claim.attempt += 1;
    assert_eq!(hand.end(&job, None), 1);
    assert_eq!(hand.state("p", "a"), (JobState::Running, 1));
    job.claim.attempt -= 1;
    hand.succeed(&job);
    assert_eq!(hand.end(&job, None), 1, "an end is recorded once");
    hand.finish();
    assert!(matches!(hand.status("p").outcome, Some(Outcome::Completed)));
}

#[test]
fn r4_an_end_for_a_process_that_is_gone_touches_no_other() {
    let mut hand = Hand::with(LocalOptions::default().keep_at_most(0));
    hand.enqueue("p", Policy::new(), one).unwrap();
    hand.finish_started();
    let job = hand.next("a");
    hand.succeed(&job);
    hand.finish();
    assert!(matches!(now(hand.backend.status("p")), Err(BackendError::UnknownProcess { .. })));
    // The next process is kept in the same place.
    hand.enqueue("q", Policy::new(), one).unwrap();
    hand.finish_started();
    let other = hand.next("a");
    assert_eq!(hand.end(&job, None), 1);
    assert_eq!(hand.state("q", "a"), (JobState::Running, 1));
    hand.succeed(&other);
}

#[test]
fn r5_what_waits_for_several_is_released_by_the_last() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new(), diamond).unwrap();
    hand.finish_started();
    let a = hand.next("a");
    assert!(hand.claim(9).is_empty());
    hand.succeed(&a);
    let middle = hand.claim(9);
    assert_eq!(middle.iter().map(|job| job.name).collect::<Vec<_>>(), ["b", "c"]);
    hand.succeed(&middle[1]);
    assert!(hand.claim(9).is_empty());
    hand.succeed(&middle[0]);
    let d = hand.next("d");
    hand.succeed(&d);
    let terminal = hand.next("hook");
    assert!(terminal.claim.event.is_none(), "nothing but the completion needs to be said");
    assert!(!hand.status("p").ended);
    hand.succeed(&terminal);
    assert!(hand.status("p").ended);
}

#[test]
fn r10_a_job_is_due_by_the_clock_of_the_store() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new(), one).unwrap();
    hand.finish_started();
    let job = hand.next("a");
    hand.fail(&job, Verdict::Retry { after: Duration::from_secs(7) });
    assert_eq!(hand.state("p", "a"), (JobState::Waiting, 1));
    assert!(hand.claim(1).is_empty());
    assert_eq!(hand.last.next_due, Some(Duration::from_secs(7)));
    hand.clock.advance(Duration::from_millis(6999));
    assert!(hand.claim(1).is_empty());
    assert_eq!(hand.last.next_due, Some(Duration::from_millis(1)));
    hand.clock.advance(Duration::from_millis(1));
    assert_eq!(hand.next("a").claim.attempt, 2);
    assert_eq!(hand.last.next_due, None);
}

#[test]
fn r12_a_claim_that_was_not_begun_is_taken_out_and_its_number_not_used_again() {
    for (cancels, state) in [(false, JobState::Skipped), (true, JobState::Cancelled)] {
        let mut hand = Hand::new();
        hand.enqueue("p", Policy::new(), diamond).unwrap();
        hand.finish_started();
        let a = hand.next("a");
        hand.succeed(&a);
        let middle = hand.claim(2);
        hand.fail(&middle[0], if cancels { Verdict::Cancel } else { Verdict::Fail });
        assert!(hand.claim(9).is_empty(), "the last hook waits for what is claimed");
        hand.fail(&middle[1], Verdict::NotBegun);
        assert_eq!(hand.state("p", "c"), (state, 1));
        assert_eq!(hand.state("p", "d"), (state, 0));
        assert!(hand.next("hook").claim.event.is_some());
    }
}

#[test]
fn r12_a_scope_whose_failure_is_recorded_is_told_of_it_though_the_process_is_cancelled() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new().finish_siblings(), sub_beside_b).unwrap();
    hand.finish_started();
    let jobs = hand.claim(2);
    assert_eq!(jobs.iter().map(|job| job.name).collect::<Vec<_>>(), ["hook", "b"]);
    hand.succeed(&jobs[0]);
    let a = hand.next("a");
    hand.fail(&a, Verdict::Fail);
    // The hook of the inner process is ready when the cancellation comes.
    now(hand.backend.cancel("p", "enough")).unwrap();
    let inner = hand.next("hook");
    assert!(
        matches!(inner.claim.event.as_deref(), Some(HookEvent::Failed { .. })),
        "{:?}",
        inner.claim.event
    );
    hand.succeed(&inner);
    hand.fail(&jobs[1], Verdict::Cancel);
    let outer = hand.next("hook");
    assert!(matches!(outer.claim.event.as_deref(), Some(HookEvent::Cancelled)));
}

#[test]
fn r14_a_hook_that_is_given_up_holds_up_nothing() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new(), one).unwrap();
    let started = hand.next("hook");
    hand.fail(&started, Verdict::GiveUp);
    let a = hand.next("a");
    hand.fail(&a, Verdict::Fail);
    let terminal = hand.next("hook");
    hand.fail(&terminal, Verdict::Retry { after: Duration::ZERO });
    assert!(!hand.status("p").ended);
    let again = hand.next("hook");
    assert!(matches!(again.claim.event.as_deref(), Some(HookEvent::Failed { .. })));
    hand.fail(&again, Verdict::GiveUp);
    let status = hand.status("p");
    assert!(status.ended);
    assert!(matches!(status.outcome, Some(Outcome::Failed(_))));
}

#[test]
fn r15_a_process_that_goes_on_after_a_failure_has_all_of_its_time_again() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new().timeout(Duration::from_mins(1)), one).unwrap();
    hand.finish_started();
    hand.clock.advance(Duration::from_secs(30));
    let a = hand.next("a");
    hand.fail(&a, Verdict::Fail);
    hand.finish();
    hand.clock.advance(Duration::from_secs(20));
    now(hand.backend.retry_failed("p")).unwrap();
    hand.clock.advance(Duration::from_secs(59));
    assert_eq!(hand.next("a").claim.attempt, 2);
    assert!(hand.status("p").outcome.is_none());
    hand.clock.advance(Duration::from_secs(1));
    hand.claim(0);
    assert!(matches!(hand.status("p").outcome, Some(Outcome::Failed(_))));
}

#[test]
fn r15_the_time_of_a_process_begins_with_its_start() {
    let mut hand = Hand::new();
    let minute = Duration::from_mins(1);
    let policy = Policy::new().timeout(minute);
    let registry = Registry::new().with(Drawn { name: "drawn", policy, draw: one }).unwrap();
    let builder = ProcessBuilder::<Drawn>::new(Arguments::new()).registry(&registry).identifier("p");
    let builder = builder.start_after(2 * minute);
    now(hand.backend.enqueue(vec![Arc::new(builder.build().unwrap().plan())])).remove(0).unwrap();
    hand.clock.advance(2 * minute);
    hand.finish_started();
    hand.clock.advance(minute);
    hand.claim(0);
    assert!(matches!(hand.status("p").outcome, Some(Outcome::Failed(_))));
}

#[test]
fn r15_a_process_fails_when_its_time_is_over_and_what_waits_is_dropped() {
    let mut hand = Hand::new();
    let timeout = Duration::from_mins(1);
    hand.enqueue("p", Policy::new().timeout(timeout), one).unwrap();
    hand.finish_started();
    let job = hand.next("a");
    assert_eq!(hand.last.next_due, Some(timeout));
    hand.clock.advance(timeout);
    assert!(hand.claim(9).is_empty(), "the last hook waits for what runs");
    let Some(Outcome::Failed(failure)) = hand.status("p").outcome else { panic!("it has not failed") };
    assert_eq!(failure.error().kind(), TaskErrorKind::Timeout);
    assert_eq!(job.process.session.signal.level(), Level::Drop);
    hand.succeed(&job);
    hand.finish();
    assert!(hand.status("p").ended);
}

#[test]
fn r18_a_worker_that_leaves_gives_back_its_own_jobs_uncharged() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new(), diamond).unwrap();
    hand.finish_started();
    let a = hand.next("a");
    hand.succeed(&a);
    let other = WorkerId::random();
    let (ours, theirs) = (hand.next("b"), hand.claim_for(other, 1).pop().unwrap());
    now(hand.backend.leave(hand.worker)).unwrap();
    assert_eq!(hand.end(&ours, None), 1, "what comes later does not count");
    hand.succeed(&theirs);
    let again = hand.claim_for(other, 9).pop().unwrap();
    assert_eq!((again.name, again.claim.attempt, again.claim.failed), ("b", 2, 0));
    hand.succeed(&again);
    hand.finish();
    assert!(matches!(hand.status("p").outcome, Some(Outcome::Completed)));
}

#[test]
fn r18_a_worker_that_leaves_a_stopped_process_lets_it_end() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new(), one).unwrap();
    hand.finish_started();
    let job = hand.next("a");
    now(hand.backend.cancel("p", "enough")).unwrap();
    assert!(hand.claim(9).is_empty());
    now(hand.backend.leave(hand.worker)).unwrap();
    assert_eq!(hand.state("p", "a").0, JobState::Cancelled);
    let hook = hand.next("hook");
    // The hook, too, may be given back.
    now(hand.backend.leave(hand.worker)).unwrap();
    assert_eq!(hand.end(&hook, None) + hand.end(&job, None), 2);
    hand.finish();
    assert!(hand.status("p").ended);
}

#[test]
fn r20_what_has_ended_is_forgotten_after_a_while() {
    let minute = Duration::from_mins(1);
    let mut hand = Hand::with(LocalOptions::default().keep_ended(minute));
    hand.enqueue("p", Policy::new(), one).unwrap();
    hand.finish();
    hand.clock.advance(minute);
    assert_eq!(hand.enqueue("p", Policy::new(), one).unwrap(), Enqueued::Existing);
    hand.clock.advance(Duration::from_nanos(1));
    assert_eq!(hand.enqueue("p", Policy::new(), diamond).unwrap(), Enqueued::Created);
    // What has not ended is never forgotten.
    hand.clock.advance(100 * minute);
    let answer = hand.enqueue("p", Policy::new(), one);
    assert!(matches!(answer, Err(EnqueueError::IdentifierConflict { .. })));
}

#[test]
fn r22_every_worker_that_has_a_thread_asleep_is_woken() {
    let hand = Hand::new();
    let bells: Vec<Arc<Bell>> = (0..3).map(|_| Arc::default()).collect();
    for bell in &bells {
        now(hand.backend.join(WorkerId::random(), membership(bell))).unwrap();
        bell.lie_down();
    }
    hand.enqueue("p", Policy::new(), one).unwrap();
    let begun = Instant::now();
    for bell in bells {
        bell.sleep(Duration::from_secs(20));
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "a bell was not rung");
}

#[test]
fn r22_a_retry_wakes_those_who_would_sleep_too_long() {
    let mut hand = Hand::new();
    hand.enqueue("p", Policy::new(), one).unwrap();
    hand.finish_started();
    let job = hand.next("a");
    let bell: Arc<Bell> = Arc::default();
    now(hand.backend.join(hand.worker, membership(&bell))).unwrap();
    bell.lie_down();
    hand.fail(&job, Verdict::Retry { after: Duration::from_secs(1) });
    let begun = Instant::now();
    bell.sleep(Duration::from_secs(20));
    assert!(begun.elapsed() < Duration::from_secs(10), "the bell was not rung");
}

#[test]
fn r6_processes_under_way_do_not_keep_new_ones_from_beginning() {
    let mut hand = Hand::new();
    for number in 0..4 {
        hand.enqueue(&format!("long {number}"), Policy::new(), |builder| {
            for _ in 0..100 {
                builder.task("a");
            }
        })
        .unwrap();
    }
    for started in hand.claim(4) {
        hand.succeed(&started);
    }
    hand.enqueue("late", Policy::new(), one).unwrap();
    let begun = (0..16).any(|_| {
        let job = hand.claim(1).pop().unwrap();
        hand.succeed(&job);
        job.process.plan.identifier() == "late"
    });
    assert!(begun, "it has waited for 16 jobs of others");
}

#[test]
fn r6_who_works_on_a_process_goes_on_with_it_but_not_for_ever() {
    let mut hand = Hand::new();
    hand.enqueue("long", Policy::new(), two_chains).unwrap();
    hand.finish_started();
    let mut jobs = hand.claim(2);
    hand.enqueue("short", Policy::new(), one).unwrap();
    hand.finish_started();

    let mut rounds = 0;
    while hand.state("short", "a").0 == JobState::Ready {
        assert!(jobs.iter().all(|job| job.process.plan.identifier() == "long"));
        let mut finished = jobs.iter().map(|job| finished(job, None)).collect();
        jobs = hand.exchange(hand.worker, &mut finished, 2);
        rounds += 1;
    }
    assert!((2..=8).contains(&rounds), "the other process waits for {rounds} claims");
}
