//! A definition whose graph, hooks and policy a test makes up, and a worker to run it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tasktronaut::backend::{LocalOptions, ProcessStatus};
use tasktronaut::{
    Arguments, BuildError, Builder, ExecutionMode, Handle, Hooks, JobState, LocalBackend, Outcome, Policy,
    Process, ProcessBuilder, ProcessDefinition, Registry, RunningWorker, Task, Worker,
};

use super::world::World;

/// No test waits longer for anything.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A pause that is over at once, for retries that need not wait.
pub const AT_ONCE: Duration = Duration::ZERO;

/// What comes out of a future, within the deadline.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_) => panic!("it took longer than {DEADLINE:?}"),
    }
}

/// A graph.
#[derive(Clone)]
pub enum Tree {
    /// A task of the table, and the name of the step.
    Task(&'static str, String),
    Seq(Vec<Tree>),
    Par(Vec<Tree>),
}

pub fn plain(step: &str) -> Tree {
    Tree::Task("plain", step.to_owned())
}

pub fn asynchronous(step: &str) -> Tree {
    Tree::Task("asynchronous", step.to_owned())
}

/// A task that has a policy of its own; see [`Lab::tasks`].
pub fn task(name: &'static str, step: &str) -> Tree {
    Tree::Task(name, step.to_owned())
}

pub fn seq(steps: impl IntoIterator<Item = Tree>) -> Tree {
    Tree::Seq(steps.into_iter().collect())
}

pub fn par(steps: impl IntoIterator<Item = Tree>) -> Tree {
    Tree::Par(steps.into_iter().collect())
}

/// The definition.
#[derive(Clone)]
pub struct Lab {
    pub name: &'static str,
    pub world: World,
    tree: Arc<Tree>,
    policy: Policy,
}

impl Lab {
    /// A definition of this graph, called `main`.
    pub fn new(world: &World, tree: Tree) -> Self {
        Self {
            name: "main",
            world: world.clone(),
            tree: Arc::new(tree),
            policy: Policy::new().backoff(AT_ONCE),
        }
    }

    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    pub fn builder(self) -> ProcessBuilder<Self> {
        let registry = Registry::new().with(self).unwrap();
        ProcessBuilder::new(Arguments::new()).registry(&registry)
    }

    pub fn build(self) -> Process {
        self.builder().build().unwrap()
    }

    fn draw(builder: &mut Builder<Self>, tree: &Tree) {
        match tree {
            Tree::Task(name, step) => {
                builder.describe(step.as_str()).task(name);
            }
            Tree::Seq(steps) => Self::block(builder, ExecutionMode::Sequential, steps),
            Tree::Par(steps) => Self::block(builder, ExecutionMode::Concurrent, steps),
        }
    }

    fn block(builder: &mut Builder<Self>, mode: ExecutionMode, steps: &[Tree]) {
        builder.begin(mode);
        for step in steps {
            Self::draw(builder, step);
        }
        builder.end();
    }
}

const fn plain_task(name: &'static str) -> Task<Lab> {
    Task::plain(name, |call| call.definition().world.run_plain(call.context()))
}

const fn async_task(name: &'static str) -> Task<Lab> {
    Task::asynchronous(name, |call| Box::pin(World::run_asynchronous(call)))
}

/// The timeout of `plain_timeout` and `async_timeout`.
pub const TIMEOUT: Duration = Duration::from_millis(30);

impl ProcessDefinition for Lab {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        self.name
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Lab>] = &[
            plain_task("plain"),
            async_task("asynchronous"),
            plain_task("plain_retries_3").retries(3).backoff(AT_ONCE),
            async_task("async_retries_3").retries(3).backoff(AT_ONCE),
            plain_task("plain_retries_0").retries(0),
            plain_task("plain_timeout").timeout(TIMEOUT),
            async_task("async_timeout").timeout(TIMEOUT),
            plain_task("plain_timeout_retries_1").timeout(TIMEOUT).retries(1).backoff(AT_ONCE),
            async_task("async_timeout_retries_1").timeout(TIMEOUT).retries(1).backoff(AT_ONCE),
            plain_task("plain_no_timeout").timeout(DEADLINE),
        ];
        TASKS
    }

    fn hooks(&self) -> Hooks<Self> {
        Hooks::new()
            .on_started(|lab: &Self, _| lab.world.run_hook(&format!("on_started {}", lab.name)))
            .on_completed(|lab: &Self, _| lab.world.run_hook(&format!("on_completed {}", lab.name)))
            .on_cancelled(|lab: &Self, _| lab.world.run_hook(&format!("on_cancelled {}", lab.name)))
            .on_failed(|lab: &Self, _, step, error| {
                lab.world.note(format!("told {}: {step}: {error}", lab.name));
                lab.world.run_hook(&format!("on_failed {}", lab.name))
            })
            .on_task_failed(|lab: &Self, context, _| {
                let step = context.description().unwrap_or_default();
                lab.world.run_hook(&format!("on_task_failed {step} {}", context.attempt()))
            })
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        Self::draw(builder, &self.tree);
        Ok(())
    }
}

/// A process under way, with a worker of its own.
pub struct Running {
    pub backend: LocalBackend,
    pub worker: RunningWorker<LocalBackend>,
    pub handle: Handle<LocalBackend>,
}

/// Starts a process on a worker that runs up to eight jobs at a time.
pub async fn start(lab: Lab) -> Running {
    start_with(lab, 8).await
}

/// Starts a process on a worker that runs so many jobs at a time.
pub async fn start_with(lab: Lab, concurrency: usize) -> Running {
    let backend = LocalBackend::with(LocalOptions::default());
    let handle = lab.build().enqueue(&backend).await.unwrap();
    let worker = Worker::new(backend.clone()).concurrency(concurrency).start().unwrap();
    Running { backend, worker, handle }
}

impl Running {
    /// Waits for the end, and looks whether anything is left behind.
    pub async fn end(self) -> Ended {
        let outcome = within(self.handle.outcome()).await.unwrap();
        let status = self.handle.status().await.unwrap();
        assert_nothing_left(&status);
        within(self.worker.shutdown()).await;
        Ended { outcome, status }
    }
}

/// A process that has ended.
pub struct Ended {
    pub outcome: Outcome,
    pub status: ProcessStatus,
}

/// Runs a process to its end.
pub async fn run(lab: Lab) -> Ended {
    start(lab).await.end().await
}

/// No job can still change.
pub fn assert_nothing_left(status: &ProcessStatus) {
    assert!(status.ended, "{status:#?}");
    let left: Vec<_> = status.jobs.iter().filter(|job| !job.state.is_final()).collect();
    assert!(left.is_empty(), "{left:#?}");
}

impl Ended {
    /// The state of a step, found by its description.
    pub fn state(&self, step: &str) -> JobState {
        let mut found = self.status.tasks().filter(|job| job.description.as_deref() == Some(step));
        let job = found.next().unwrap_or_else(|| panic!("there is no step `{step}`"));
        assert!(found.next().is_none(), "there are two steps `{step}`");
        job.state
    }
}
