//! The sizes that must work (`R21`): deep, wide, long, and much of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::backend::Backend;
use crate::definition::build::{BuildError, Builder, ProcessBuilder};
use crate::definition::hooks::Hooks;
use crate::definition::process::Process;
use crate::definition::registry::Registry;
use crate::definition::task::Task;
use crate::definition::{ExecutionMode, ProcessDefinition};
use crate::engine::{Client, Handle, RunningWorker, Worker};
use crate::plan::JobState;
use crate::testing::stage::{CaseResult, Opener, Place, within};
use crate::words::arguments::Arguments;
use crate::words::error::BoxError;

/// The most jobs that every backend takes in one process.
const MOST: usize = 100_000;
const LINES: usize = 1_000;
const DEEPEST: usize = 10_000;
const DUE_AT_ONCE: usize = 10_000;
/// How many processes are enqueued by one call.
const TOGETHER: usize = 2_000;
/// How many processes are run, one after the other, to see how quick a store is.
const PROBES: usize = 100;
/// The queue of the backlog.
const NIGHT: &str = "night";

#[derive(Clone, Copy)]
enum Shape {
    One,
    /// Blocks in blocks: in turn a sequential and a concurrent one, with a job before the inner one and one after it.
    Deep(usize),
    /// All at the same time.
    Wide(usize),
    /// So many lines of so many steps.
    Lines(usize, usize),
}

impl Shape {
    fn jobs(self) -> usize {
        match self {
            Self::One => 1,
            Self::Deep(levels) => 2 * levels,
            Self::Wide(jobs) => jobs,
            Self::Lines(lines, steps) => lines * steps,
        }
    }
}

/// A definition that adds up the attempts of each of its jobs that run, and counts `on_completed`.
#[derive(Clone)]
struct Large {
    shape: Shape,
    runs: Arc<Mutex<Vec<u32>>>,
    ends: Arc<Mutex<Vec<u32>>>,
}

impl Large {
    fn new(shape: Shape) -> Self {
        Self { shape, runs: Arc::default(), ends: Arc::default() }
    }

    fn registry(&self) -> Result<Registry, BoxError> {
        Ok(Registry::new().with(self.clone())?)
    }

    fn builder(&self) -> Result<ProcessBuilder<Self>, BoxError> {
        Ok(ProcessBuilder::new(Arguments::new()).registry(&self.registry()?))
    }

    /// Processes that are numbered, each in its turn.
    fn many(
        &self,
        count: usize,
        made: impl Fn(ProcessBuilder<Self>) -> ProcessBuilder<Self>,
    ) -> Result<Vec<Process>, BoxError> {
        let registry = self.registry()?;
        let process = |number: usize| {
            let builder = ProcessBuilder::new(Arguments::new()).registry(&registry);
            Ok(made(builder.identifier(number.to_string())).build()?)
        };
        (0..count).map(process).collect()
    }

    fn assert_each_ran_once(&self, jobs: usize) {
        let runs: Vec<u32> = lock(&self.runs).iter().copied().filter(|attempts| *attempts > 0).collect();
        assert_eq!(runs.len(), jobs, "jobs have run");
        let again = runs.iter().filter(|attempts| **attempts > 1).count();
        assert_eq!(again, 0, "jobs have run twice, or were claimed in vain");
    }
}

fn lock(counts: &Mutex<Vec<u32>>) -> std::sync::MutexGuard<'_, Vec<u32>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn add_up(counts: &Mutex<Vec<u32>>, place: usize, more: u32) {
    let mut counts = lock(counts);
    if counts.len() <= place {
        counts.resize(place + 1, 0);
    }
    counts[place] += more;
}

/// The number of a process that is one of many; of others 0.
fn number(identifier: &str) -> usize {
    identifier.parse().unwrap_or(0)
}

impl ProcessDefinition for Large {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "large"
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Large>] = &[Task::plain("job", |call| {
            let context = call.context();
            let place = match call.definition().shape {
                Shape::One => number(context.identifier()),
                _ => context.job(),
            };
            add_up(&call.definition().runs, place, context.attempt());
            Ok(())
        })];
        TASKS
    }

    fn hooks(&self) -> Hooks<Self> {
        Hooks::new().on_completed(|large: &Self, identifier| {
            add_up(&large.ends, number(identifier), 1);
            Box::pin(async { Ok(()) })
        })
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        match self.shape {
            Shape::One => {
                builder.task("job");
            }
            Shape::Deep(levels) => {
                for level in 0..levels {
                    let is_even = level.is_multiple_of(2);
                    builder.begin(if is_even {
                        ExecutionMode::Sequential
                    } else {
                        ExecutionMode::Concurrent
                    });
                    builder.task("job");
                }
                for _ in 0..levels {
                    builder.task("job").end();
                }
            }
            Shape::Wide(jobs) => {
                builder.begin(ExecutionMode::Concurrent);
                add(builder, jobs);
                builder.end();
            }
            Shape::Lines(lines, steps) => {
                builder.begin(ExecutionMode::Concurrent);
                for _ in 0..lines {
                    builder.begin(ExecutionMode::Sequential);
                    add(builder, steps);
                    builder.end();
                }
                builder.end();
            }
        }
        Ok(())
    }
}

fn add(builder: &mut Builder<Large>, jobs: usize) {
    for _ in 0..jobs {
        builder.task("job");
    }
}

/// A worker as a user would have it.
fn worker<B: Backend>(backend: &B, large: &Large) -> Result<RunningWorker<B>, BoxError> {
    Ok(Worker::new(backend.clone()).registry(&large.registry()?).start()?)
}

/// The most jobs in one process, 100,000 where the backend can.
fn most<B: Backend>(backend: &B) -> usize {
    backend.capability().max_jobs.map_or(MOST, |most| most.min(MOST))
}

/// Runs one process to its end, and looks whether every job has run once.
async fn runs<O: Opener>(place: Place<O>, shape: Shape) -> CaseResult {
    let large = Large::new(shape);
    let handle = large.builder()?.build()?.enqueue(&place.backend).await?;
    let worker = worker(&place.backend, &large)?;
    handle.wait().await?;
    large.assert_each_ran_once(shape.jobs());
    assert_eq!(*lock(&large.ends), [1]);
    assert_eq!(handle.status().await?.count(JobState::Succeeded), shape.jobs());
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn blocks_are_nested_10_000_deep<O: Opener>(place: Place<O>) -> CaseResult {
    runs(place, Shape::Deep(DEEPEST)).await
}

pub(super) async fn on_completed_waits_for_100_000_at_once<O: Opener>(place: Place<O>) -> CaseResult {
    let most = most(&place.backend);
    runs(place, Shape::Wide(most)).await
}

pub(super) async fn a_process_of_100_000_jobs_in_lines_comes_to_its_end<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let steps = most(&place.backend) / LINES;
    runs(place, Shape::Lines(LINES, steps)).await
}

async fn enqueue<B: Backend>(backend: &B, processes: &[Process]) -> Result<Vec<Handle<B>>, BoxError> {
    let client = Client::new(backend);
    let mut handles = Vec::with_capacity(processes.len());
    for some in processes.chunks(TOGETHER) {
        for handle in client.enqueue_all(some).await {
            handles.push(handle?);
        }
    }
    Ok(handles)
}

pub(super) async fn of_10_000_that_are_due_at_once_each_runs_once<O: Opener>(place: Place<O>) -> CaseResult {
    let large = Large::new(Shape::One);
    let due = SystemTime::now() + Duration::from_secs(5);
    let processes = large.many(DUE_AT_ONCE, |builder| builder.start_at(due))?;
    let other = place.other().await?;
    let workers = [worker(&place.backend, &large)?, worker(&other, &large)?];
    for handle in enqueue(&place.backend, &processes).await? {
        handle.wait().await?;
    }
    large.assert_each_ran_once(DUE_AT_ONCE);
    assert!(lock(&large.ends).iter().all(|ends| *ends == 1));
    for worker in workers {
        within(worker.shutdown()).await;
    }
    Ok(())
}

/// How long processes take that are run one after the other.
async fn probe<B: Backend>(backend: &B, large: &Large) -> Result<Duration, BoxError> {
    let begun = Instant::now();
    for _ in 0..PROBES {
        let process = large.builder()?.build()?;
        within(process.enqueue(backend).await?.wait()).await?;
    }
    Ok(begun.elapsed())
}

pub(super) async fn a_backlog_of_100_000_in_another_queue_slows_nobody<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    // Steps of a chain, too: stores have shortcuts for them.
    let large = Large::new(Shape::Lines(1, 5));
    let worker = worker(&place.backend, &large)?;
    probe(&place.backend, &large).await?;
    let alone = probe(&place.backend, &large).await?;
    enqueue(&place.backend, &large.many(MOST, |builder| builder.queue(NIGHT))?).await?;
    let beside = probe(&place.backend, &large).await?;
    assert!(beside < alone * 3 + Duration::from_secs(1), "{alone:?} alone, {beside:?} beside a backlog");
    within(worker.shutdown()).await;
    Ok(())
}
