//! R3, R4, R7, R8 and R9: leases, and workers that disappear.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::backend::{Backend, JobStatus};
use crate::engine::observer::{AttemptEnd, Observer};
use crate::engine::{Handle, RunningWorker};
use crate::plan::{JobState, Outcome};
use crate::testing::stage::lab::{Lab, asynchronous, par, plain, seq};
use crate::testing::stage::world::{Gate, World};
use crate::testing::stage::{CaseResult, Opener, Place, Severed, Switch, until, within, worker};
use crate::words::error::{BoxError, TaskErrorKind};

/// A lease that runs out soon, where it is not renewed.
const SHORT: Duration = Duration::from_millis(300);
/// A lease that a busy machine and its disk do not lose, and that a task can outlive.
const LONG: Duration = Duration::from_secs(4);

/// A worker whose link can be cut.
type Doomed<O> = (RunningWorker<Severed<<O as Opener>::Backend>>, Switch);

async fn doomed<O: Opener>(place: &Place<O>, lab: &Lab) -> Result<Doomed<O>, BoxError> {
    let (severed, switch) = Severed::new(place.other().await?);
    // With one place, so that it does not claim anew what it has not recorded yet.
    Ok((worker(&severed, &lab.registry()).lease(SHORT).concurrency(1).start()?, switch))
}

/// The worker is killed, as far as others can see.
fn kill<B: Backend>(worker: RunningWorker<B>, switch: &Switch) {
    switch.fail();
    drop(worker);
}

async fn job<B: Backend>(handle: &Handle<B>, step: &str) -> Result<JobStatus, BoxError> {
    let status = handle.status().await?;
    let found = status.tasks().find(|job| job.description.as_deref() == Some(step)).cloned();
    found.ok_or_else(|| format!("there is no step `{step}`").into())
}

async fn until_lost<B: Backend>(handle: &Handle<B>, step: &str) -> CaseResult {
    until("the lease was taken back", async || Ok((job(handle, step).await?.lost == 1).then_some(()))).await
}

pub(super) async fn r3_workers_of_two_programs_run_each_job_once<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let lab = Lab::new(&world, seq([]));
    let one = place.worker(&lab).concurrency(3).start()?;
    let two = worker(&place.other().await?, &lab.registry()).concurrency(3).start()?;
    let mut handles = Vec::new();
    for process in 0..8 {
        let steps = (0..8).map(|step| match step % 2 {
            0 => plain(&format!("{process}.{step}")),
            _ => asynchronous(&format!("{process}.{step}")),
        });
        handles.push(place.enqueue(&Lab::new(&world, par(steps))).await?);
    }
    for handle in &handles {
        within(handle.wait()).await?;
    }
    for process in 0..8 {
        for step in 0..8 {
            assert_eq!(world.count(&format!("begin {process}.{step}")), 1);
        }
    }
    assert_eq!(world.count("on_completed main"), 8);
    within(one.shutdown()).await;
    within(two.shutdown()).await;
    Ok(())
}

/// Counts the ends that were refused.
#[derive(Clone, Default)]
struct Refused(Arc<AtomicUsize>);

impl Observer for Refused {
    fn finished(&self, end: &AttemptEnd<'_>) {
        self.0.fetch_add(usize::from(!end.accepted()), Ordering::SeqCst);
    }
}

pub(super) async fn r4_a_late_result_counts_while_nobody_has_claimed_again<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |_| {
        ours.block();
        Ok(())
    });
    let lab = Lab::new(&world, plain("a"));
    let handle = place.enqueue(&lab).await?;
    let (late, switch) = doomed(&place, &lab).await?;
    world.until("begin a").await;
    switch.fail();
    // It takes leases back, and knows nothing of the definition.
    let stranger = place.worker(&Lab::new(&world, seq([])).named("other")).lease(SHORT).start()?;
    until_lost(&handle, "a").await?;
    gate.open();
    switch.mend();
    assert!(matches!(within(handle.outcome()).await?, Outcome::Completed));
    let job = job(&handle, "a").await?;
    assert_eq!((job.attempt, job.lost, world.count("begin a")), (1, 1, 1));
    within(late.shutdown()).await;
    within(stranger.shutdown()).await;
    Ok(())
}

pub(super) async fn r4_a_late_result_is_dropped_after_another_claim<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gates = [Gate::new(), Gate::new()];
    let ours = gates.clone();
    world.plain("a", move |context| {
        ours[usize::from(context.attempt() > 1)].block();
        Ok(())
    });
    let lab = Lab::new(&world, seq([plain("a"), plain("b")]));
    let handle = place.enqueue(&lab).await?;
    let (severed, switch) = Severed::new(place.other().await?);
    let refused = Refused::default();
    let late = worker(&severed, &lab.registry()).lease(SHORT).observer(refused.clone()).start()?;
    world.until("begin a").await;
    switch.fail();
    let next = place.worker(&lab).start()?;
    world.until_all("begin a", 2).await;
    switch.mend();
    gates[0].open();
    until("the late result is refused", async || Ok((refused.0.load(Ordering::SeqCst) == 1).then_some(())))
        .await?;
    let running = job(&handle, "a").await?;
    assert_eq!((running.state, running.attempt, world.count("begin b")), (JobState::Running, 2, 0));
    gates[1].open();
    within(handle.wait()).await?;
    assert_eq!((world.count("begin a"), world.count("begin b")), (2, 1));
    within(late.shutdown()).await;
    within(next.shutdown()).await;
    Ok(())
}

pub(super) async fn r7_a_lease_is_kept_while_all_threads_block<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    for step in ["a", "b"] {
        // What is checked is that it can take longer than a lease.
        world.plain(step, |_| {
            std::thread::sleep(LONG * 3 / 2);
            Ok(())
        });
    }
    let lab = Lab::new(&world, par([plain("a"), plain("b")]));
    let handle = place.enqueue(&lab).await?;
    let busy = place.worker(&lab).concurrency(2).lease(LONG).start()?;
    world.until("begin a").await;
    world.until("begin b").await;
    let other = worker(&place.other().await?, &lab.registry()).lease(LONG).start()?;
    within(handle.wait()).await?;
    for step in ["a", "b"] {
        let job = job(&handle, step).await?;
        assert_eq!((job.attempt, job.lost), (1, 0));
    }
    within(busy.shutdown()).await;
    within(other.shutdown()).await;
    Ok(())
}

pub(super) async fn r7_a_lease_is_kept_while_async_tasks_block_the_whole_runtime<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let steps: Vec<String> = (0..4).map(|step| step.to_string()).collect();
    for step in &steps {
        // What is checked is that it can take longer than a lease.
        world.asynchronous(step, |_| async {
            std::thread::sleep(LONG * 3 / 2);
            Ok(())
        });
    }
    let lab = Lab::new(&world, par(steps.iter().map(|step| asynchronous(step))));
    let handle = place.enqueue(&lab).await?;
    // More than the runtime has threads.
    let busy = place.worker(&lab).concurrency(4).lease(LONG).start()?;
    world.until("begin 0").await;
    // Another program, whose threads are free, would take whatever is let go.
    let (other, registry) = (place.other().await?, lab.registry());
    let (over, is_over) = tokio::sync::oneshot::channel::<()>();
    let watch = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let other = worker(&other, &registry).lease(LONG).start()?;
            let _gone = is_over.await;
            within(other.shutdown()).await;
            Ok::<_, BoxError>(())
        })
    });
    within(handle.wait()).await?;
    drop(over);
    for step in &steps {
        let job = job(&handle, step).await?;
        assert_eq!((job.attempt, job.lost, world.count(&format!("begin {step}"))), (1, 0, 1));
    }
    within(busy.shutdown()).await;
    watch.join().map_err(|_| "the other worker panicked")?
}

pub(super) async fn r8_what_a_killed_worker_held_is_taken_over_uncharged<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |call| async move {
        if call.context().attempt() == 1 { std::future::pending().await } else { Ok(()) }
    });
    let lab = Lab::new(&world, seq([asynchronous("a"), plain("b")]));
    let handle = place.enqueue(&lab).await?;
    let (killed, switch) = doomed(&place, &lab).await?;
    world.until("begin a").await;
    kill(killed, &switch);
    let next = place.worker(&lab).start()?;
    within(handle.wait()).await?;
    let job = job(&handle, "a").await?;
    assert_eq!((job.state, job.attempt, job.failed, job.lost), (JobState::Succeeded, 2, 0, 1));
    assert_eq!((world.all("on_task_failed").len(), world.count("end b")), (0, 1));
    within(next.shutdown()).await;
    Ok(())
}

pub(super) async fn r8_hooks_of_a_killed_worker_run_again<O: Opener>(place: Place<O>) -> CaseResult {
    for hook in ["on_started main", "on_completed main"] {
        let world = World::new();
        let noted = world.clone();
        world.hook(hook, move || {
            let begun = noted.count(hook);
            async move { if begun == 1 { std::future::pending().await } else { Ok(()) } }
        });
        let lab = Lab::new(&world, plain("a"));
        let handle = place.enqueue(&lab).await?;
        let (killed, switch) = doomed(&place, &lab).await?;
        world.until(hook).await;
        kill(killed, &switch);
        let next = place.worker(&lab).start()?;
        within(handle.wait()).await?;
        assert_eq!((world.count(hook), world.count("end a")), (2, 1));
        within(next.shutdown()).await;
    }
    Ok(())
}

pub(super) async fn r8_a_process_that_was_cancelled_meanwhile_ends_elsewhere<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let lab = Lab::new(&world, seq([asynchronous("a"), plain("b")]));
    let handle = place.enqueue(&lab).await?;
    let (killed, switch) = doomed(&place, &lab).await?;
    world.until("begin a").await;
    kill(killed, &switch);
    handle.cancel("enough").await?;
    let next = place.worker(&lab).start()?;
    assert!(matches!(within(handle.outcome()).await?, Outcome::Cancelled { .. }));
    assert_eq!((world.count("begin a"), world.count("on_cancelled main")), (1, 1));
    within(next.shutdown()).await;
    Ok(())
}

pub(super) async fn r9_a_job_that_kills_its_workers_fails_as_poison<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let lab = Lab::new(&world, seq([asynchronous("a"), plain("b")]));
    let handle = place.enqueue(&lab).await?;
    for lost in 1..=2 {
        let (severed, switch) = Severed::new(place.other().await?);
        let killed = worker(&severed, &lab.registry()).lease(SHORT).max_lost(2).start()?;
        world.until_all("begin a", lost).await;
        kill(killed, &switch);
    }
    let next = place.worker(&lab).max_lost(2).start()?;
    let Outcome::Failed(failure) = within(handle.outcome()).await? else { panic!("it has not failed") };
    assert_eq!(failure.error().kind(), TaskErrorKind::Poison);
    let job = job(&handle, "a").await?;
    assert_eq!((job.state, job.attempt, job.lost, job.failed), (JobState::Failed, 2, 2, 1));
    assert_eq!((world.count("on_failed main"), world.count("begin b")), (1, 0));
    within(next.shutdown()).await;
    Ok(())
}

pub(super) async fn r14_a_hook_that_kills_its_workers_is_given_up<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.hook("on_completed main", std::future::pending);
    let lab = Lab::new(&world, plain("a"));
    let handle = place.enqueue(&lab).await?;
    for lost in 1..=2 {
        let (severed, switch) = Severed::new(place.other().await?);
        let killed = worker(&severed, &lab.registry()).lease(SHORT).max_lost(2).start()?;
        world.until_all("on_completed main", lost).await;
        kill(killed, &switch);
    }
    let next = place.worker(&lab).max_lost(2).start()?;
    assert!(matches!(within(handle.outcome()).await?, Outcome::Completed));
    assert_eq!((world.count("on_completed main"), world.count("on_failed main")), (2, 0));
    within(next.shutdown()).await;
    Ok(())
}

pub(super) async fn r7_a_worker_goes_on_after_its_link_was_down<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let lab = Lab::new(&world, seq([plain("a"), asynchronous("b")]));
    let (severed, switch) = Severed::new(place.backend.clone());
    let worker = worker(&severed, &lab.registry()).start()?;
    switch.fail();
    let handle = place.enqueue(&lab).await?;
    switch.mend();
    within(handle.wait()).await?;
    switch.hang();
    let again = place.enqueue(&lab).await?;
    switch.mend();
    within(again.wait()).await?;
    assert_eq!(world.count("end b"), 2);
    within(worker.shutdown()).await;
    Ok(())
}
