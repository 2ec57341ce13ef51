//! [`Process`]: a built process, to be looked at, compared, run or enqueued.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::ExecutionMode;
use super::erased::Definition;
use super::schedule::{DEFAULT_QUEUE, Schedule};
use super::tables::{Record, RecordKind, Tables};
use crate::words::arguments::Arguments;
use crate::words::policy::Policy;

/// A built process: its identifier and its steps, with the arguments of each.
///
/// Printed, it is an outline:
///
/// ```
/// use tasktronaut::prelude::*;
///
/// #[derive(Default)]
/// struct Greeting;
///
/// #[process(name = "greeting")]
/// impl Greeting {
///     fn define_process(name: String) {
///         process! { seq { say_hello; par { say_name "Say who it is"; say_bye; } } }
///     }
///
///     #[task]
///     fn say_hello(&self) {}
///
///     #[task]
///     fn say_name(&self, name: String) {}
///
///     #[task]
///     fn say_bye(&self) {}
/// }
///
/// let process = Greeting::process(GreetingArgs { name: "Ada".into() }).identifier("g-1").build()?;
/// assert_eq!(process.to_string(), "\
/// greeting [g-1] sequential
/// ├─ say_hello
/// └─ concurrent
///    ├─ say_name: Say who it is
///    └─ say_bye
/// ");
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone)]
pub struct Process {
    identifier: Arc<str>,
    tables: Arc<Tables>,
    policy: Policy,
    schedule: Schedule,
}

impl Process {
    pub(crate) fn new(identifier: String, tables: Tables, policy: Policy, schedule: Schedule) -> Self {
        Self { identifier: identifier.into(), tables: Arc::new(tables), policy, schedule }
    }

    /// The identifier.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The definition it is a process of.
    pub fn definition(&self) -> &Definition {
        &self.tables.definitions[0]
    }

    /// Its definition and those of all its sub-processes, each once.
    pub fn definitions(&self) -> &[Definition] {
        &self.tables.definitions
    }

    /// Retries, backoff and timeout.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The queue it asks for, or its definition does.
    pub fn queue(&self) -> Option<&str> {
        self.schedule.queue.as_deref()
    }

    /// All queues that its jobs may go to.
    pub(crate) fn queues(&self) -> BTreeSet<&str> {
        let mut queues: BTreeSet<&str> = BTreeSet::from([DEFAULT_QUEUE]);
        queues.extend(self.queue());
        for definition in self.definitions() {
            queues.extend(definition.queue());
            definition.tasks().for_each(|task| queues.extend(task.queue()));
        }
        queues
    }

    /// How much it matters; higher goes first.
    pub fn priority(&self) -> i16 {
        self.schedule.priority
    }

    /// The process as a step: the root of the tree.
    pub fn root(&self) -> Step<'_> {
        Step { tables: &self.tables, place: 0 }
    }

    /// The outermost steps.
    pub fn steps(&self) -> Steps<'_> {
        self.root().steps()
    }

    /// All tasks, in the order in which they stand in the graph, at whatever depth.
    pub fn tasks(&self) -> impl Iterator<Item = Step<'_>> {
        self.all_steps().filter(|step| matches!(step.kind(), StepKind::Task))
    }

    fn all_steps(&self) -> impl Iterator<Item = Step<'_>> {
        (0..self.tables.records.len()).map(|place| Step { tables: &self.tables, place })
    }

    pub(crate) fn shared_identifier(&self) -> &Arc<str> {
        &self.identifier
    }

    pub(crate) fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub(crate) fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }
}

/// Equal are processes with the same identifier and equal trees.
impl PartialEq for Process {
    fn eq(&self, other: &Self) -> bool {
        self.identifier == other.identifier && self.root() == other.root()
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = self.definition().execution_mode().as_str();
        writeln!(f, "{} [{}] {mode}", self.definition().name(), self.identifier)?;
        self.outline(f)
    }
}

impl Process {
    /// Prints the steps below the root, with the lines of a tree. Not recursive: see [`Tables`].
    fn outline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = &self.tables.records;
        let mut open = vec![records[0].end as usize];
        let mut prefix = String::new();
        for (place, record) in records.iter().enumerate().skip(1) {
            while open.last().is_some_and(|end| place >= *end) {
                open.pop();
                for _ in 0..3 {
                    prefix.pop();
                }
            }
            let end = record.end as usize;
            let is_last = open.last().is_some_and(|parent| end >= *parent);
            let step = Step { tables: &self.tables, place };
            writeln!(f, "{prefix}{}{step}", if is_last { "└─ " } else { "├─ " })?;
            if end > place + 1 {
                open.push(end);
                prefix.push_str(if is_last { "   " } else { "│  " });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("identifier", &self.identifier)
            .field("definition", &self.definition().name())
            .field("steps", &self.steps().count())
            .finish_non_exhaustive()
    }
}

impl Tables {
    /// Whether two processes have the same steps.
    pub(crate) fn same(left: &Self, right: &Self) -> bool {
        Step { tables: left, place: 0 } == Step { tables: right, place: 0 }
    }
}

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// One task.
    Task,
    /// A block of the enclosing process.
    Block(ExecutionMode),
    /// A process of its own: the root, or a sub-process.
    Process(ExecutionMode),
}

/// One step of a built process.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    tables: &'a Tables,
    place: usize,
}

impl<'a> Step<'a> {
    fn record(&self) -> &'a Record {
        &self.tables.records[self.place]
    }

    /// What it is.
    pub fn kind(&self) -> StepKind {
        match self.record().kind {
            RecordKind::Task => StepKind::Task,
            RecordKind::Block(mode) => StepKind::Block(mode),
            RecordKind::Process(mode) => StepKind::Process(mode),
        }
    }

    /// Whether it holds other steps, as a block or a process does.
    pub fn is_process(&self) -> bool {
        self.kind() != StepKind::Task
    }

    /// How its steps follow each other; nothing for a task.
    pub fn execution_mode(&self) -> Option<ExecutionMode> {
        match self.kind() {
            StepKind::Task => None,
            StepKind::Block(mode) | StepKind::Process(mode) => Some(mode),
        }
    }

    /// The definition it belongs to; for a sub-process, the sub-process's own.
    pub fn definition(&self) -> &'a Definition {
        &self.tables.definitions[self.record().definition as usize]
    }

    /// The name of the task; nothing for blocks and processes.
    pub fn task(&self) -> Option<&'a str> {
        self.tables.task_name(self.place)
    }

    /// The description: of a task, resolved; of a block or a process, its own.
    pub fn description(&self) -> Option<&'a str> {
        Some(self.tables.text(self.record().description)).filter(|text| !text.is_empty())
    }

    /// The arguments at its place.
    pub fn arguments(&self) -> Arguments {
        self.tables.arguments.get(self.record().arguments).to_arguments()
    }

    /// Its number in the process, depth first; the process itself is 0.
    pub fn place(&self) -> usize {
        self.place
    }

    /// The steps in it; none in a task.
    pub fn steps(&self) -> Steps<'a> {
        Steps { tables: self.tables, next: self.place + 1, end: self.record().end as usize }
    }

    fn same(&self, other: &Self) -> bool {
        self.kind() == other.kind()
            && self.definition().name() == other.definition().name()
            && self.task() == other.task()
            && self.description() == other.description()
            && (self.is_process() || self.arguments() == other.arguments())
    }
}

/// Equal are steps of the same kind, names and descriptions, with equal arguments and equal steps in them.
impl PartialEq for Step<'_> {
    fn eq(&self, other: &Self) -> bool {
        let length = self.record().end as usize - self.place;
        length == other.record().end as usize - other.place
            && (0..length).all(|offset| {
                let left = Step { tables: self.tables, place: self.place + offset };
                let right = Step { tables: other.tables, place: other.place + offset };
                left.record().end as usize - self.place == right.record().end as usize - other.place
                    && left.same(&right)
            })
    }
}

/// One line: the name and the description.
impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            StepKind::Task => f.write_str(self.task().unwrap_or_default())?,
            StepKind::Block(mode) => f.write_str(mode.as_str())?,
            StepKind::Process(mode) => write!(f, "{} {}", self.definition().name(), mode.as_str())?,
        }
        match self.description() {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {:?}", self.arguments())
    }
}

/// The steps of a block or a process, one after the other.
#[derive(Clone)]
pub struct Steps<'a> {
    tables: &'a Tables,
    next: usize,
    end: usize,
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        if self.next >= self.end {
            return None;
        }
        let step = Step { tables: self.tables, place: self.next };
        self.next = step.record().end as usize;
        Some(step)
    }
}

impl fmt::Debug for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}
