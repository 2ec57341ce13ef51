//! [`Lab`]: a definition whose graph, hooks and policy a case makes up.
//!
//! ```
//! use tasktronaut::testing::stage::lab::{Lab, par, plain, seq};
//! use tasktronaut::testing::stage::world::World;
//! use tasktronaut::{TaskError, TaskResult};
//!
//! let world = World::new();
//! world.plain("b", |_| TaskResult::Err(TaskError::new("no luck")));
//! let lab = Lab::new(&world, seq([plain("a"), par([plain("b"), plain("c")])]));
//! assert_eq!(lab.build().tasks().count(), 3);
//! ```

use std::sync::Arc;
use std::time::Duration;

use super::world::World;
use crate::definition::build::{BuildError, Builder, ProcessBuilder};
use crate::definition::context::Context;
use crate::definition::erased::Definition;
use crate::definition::hooks::{AroundFuture, Hooks, Next};
use crate::definition::process::Process;
use crate::definition::registry::Registry;
use crate::definition::task::Task;
use crate::definition::{ExecutionMode, ProcessDefinition};
use crate::words::arguments::Arguments;
use crate::words::policy::Policy;

/// No case waits longer for anything.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// A pause that is over at once, for retries that need not wait.
pub const AT_ONCE: Duration = Duration::ZERO;

/// A graph.
#[derive(Clone)]
pub enum Tree {
    /// A task of the table, and the name of the step.
    Task(&'static str, String),
    /// One after the other.
    Seq(Vec<Tree>),
    /// At the same time.
    Par(Vec<Tree>),
    /// Another definition.
    Sub(Definition),
}

impl Tree {
    fn embedded(&self, found: &mut Vec<Definition>) {
        match self {
            Self::Task(..) => {}
            Self::Seq(steps) | Self::Par(steps) => steps.iter().for_each(|step| step.embedded(found)),
            Self::Sub(definition) => found.push(definition.clone()),
        }
    }
}

/// A plain task.
pub fn plain(step: &str) -> Tree {
    Tree::Task("plain", step.to_owned())
}

/// An async task.
pub fn asynchronous(step: &str) -> Tree {
    Tree::Task("asynchronous", step.to_owned())
}

/// A task that has a policy of its own; see [`Lab::tasks`].
pub fn task(name: &'static str, step: &str) -> Tree {
    Tree::Task(name, step.to_owned())
}

/// Steps one after the other.
pub fn seq(steps: impl IntoIterator<Item = Tree>) -> Tree {
    Tree::Seq(steps.into_iter().collect())
}

/// Steps at the same time.
pub fn par(steps: impl IntoIterator<Item = Tree>) -> Tree {
    Tree::Par(steps.into_iter().collect())
}

/// A process within.
pub fn sub(lab: Lab) -> Tree {
    Tree::Sub(Definition::new(lab))
}

/// What is done around each task.
pub type Around = for<'a> fn(&'a Lab, &'a Context, Next<'a>) -> AroundFuture<'a>;

/// The definition.
#[derive(Clone)]
pub struct Lab {
    /// What it is called.
    pub name: &'static str,
    /// What its tasks and hooks do.
    pub world: World,
    tree: Arc<Tree>,
    policy: Policy,
    around: Option<Around>,
    mode: ExecutionMode,
}

impl Lab {
    /// A definition of this graph, called `main`.
    pub fn new(world: &World, tree: Tree) -> Self {
        Self {
            name: "main",
            world: world.clone(),
            tree: Arc::new(tree),
            policy: Policy::new().backoff(AT_ONCE),
            around: None,
            mode: ExecutionMode::Sequential,
        }
    }

    /// Under another name.
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// With this policy.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// With something around each task.
    pub fn around(mut self, around: Around) -> Self {
        self.around = Some(around);
        self
    }

    /// With its steps at the same time, or one after the other.
    pub fn mode(mut self, mode: ExecutionMode) -> Self {
        self.mode = mode;
        self
    }

    /// A process to be given an identifier and the like.
    pub fn builder(self) -> ProcessBuilder<Self> {
        let registry = Registry::new().with(self).unwrap();
        ProcessBuilder::new(Arguments::new()).registry(&registry)
    }

    /// A process.
    pub fn build(self) -> Process {
        self.builder().build().unwrap()
    }

    /// This definition and all that are embedded in it: what a worker needs.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::new();
        let mut open = vec![Definition::new(self.clone())];
        while let Some(definition) = open.pop() {
            if registry.load(definition.name()).is_ok() {
                continue;
            }
            if let Some(lab) = definition.instance::<Self>() {
                lab.tree.embedded(&mut open);
            }
            registry = registry.with_definition(definition).unwrap();
        }
        registry
    }

    fn draw(builder: &mut Builder<Self>, tree: &Tree) {
        match tree {
            Tree::Task(name, step) => {
                builder.describe(step.as_str()).task(name);
            }
            Tree::Seq(steps) => Self::block(builder, ExecutionMode::Sequential, steps),
            Tree::Par(steps) => Self::block(builder, ExecutionMode::Concurrent, steps),
            Tree::Sub(definition) => {
                builder.sub_process_of(definition);
            }
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
pub const TIMEOUT: Duration = Duration::from_millis(100);

// No compiler is to propose it in place of somebody's own.
#[diagnostic::do_not_recommend]
impl ProcessDefinition for Lab {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        self.name
    }

    fn execution_mode(&self) -> ExecutionMode {
        self.mode
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
            plain_task("plain_night").queue("night"),
        ];
        TASKS
    }

    fn hooks(&self) -> Hooks<Self> {
        let mut hooks = Hooks::new()
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
            });
        if let Some(around) = self.around {
            hooks = hooks.around_task(around);
        }
        hooks
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        Self::draw(builder, &self.tree);
        Ok(())
    }
}
