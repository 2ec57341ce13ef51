//! [`Plan`]: numbered nodes, what each waits for, and what waits for it.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::definition::erased::Definition;
use crate::definition::schedule::{DEFAULT_QUEUE, Start};
use crate::definition::tables::{NO_TEXT, Tables};
use crate::definition::task::TaskInfo;
use crate::words::arguments::ArgumentsRef;
use crate::words::policy::Policy;

/// The scope that has none around it.
pub(crate) const NO_SCOPE: u32 = u32::MAX;

/// The flat graph of jobs that a process becomes: what a backend stores.
///
/// Every node has a number, counts how many nodes it waits for, and lists the nodes that wait for it. Its size is
/// linear in the number of steps, however blocks are nested: where several steps follow several others, they meet in
/// a node that does nothing ([`NodeKind::Join`]).
///
/// ```
/// use tasktronaut::prelude::*;
/// use tasktronaut::plan::NodeKind;
///
/// #[derive(Default)]
/// struct Greeting;
///
/// #[process]
/// impl Greeting {
///     fn define_process() {
///         process! { seq { say_hello; say_bye; } }
///     }
///
///     #[task]
///     fn say_hello(&self) {}
///
///     #[task]
///     fn say_bye(&self) {}
/// }
///
/// let plan = Greeting::process().build()?.plan();
/// let kinds: Vec<NodeKind> = plan.nodes().map(|node| node.kind()).collect();
/// assert_eq!(kinds, [NodeKind::Started, NodeKind::Task, NodeKind::Task, NodeKind::Terminal]);
/// assert!(plan.nodes().all(|node| node.dependents().len() <= 1));
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Clone)]
pub struct Plan {
    pub(crate) identifier: Arc<str>,
    pub(crate) tables: Arc<Tables>,
    pub(crate) policy: Policy,
    /// The process's own, else its definition's.
    pub(crate) queue: Option<Arc<str>>,
    /// The queues of all nodes, where the plan comes from a store: they were fixed when it was enqueued (`R17`).
    pub(crate) queues: Option<Queues>,
    /// Higher goes first.
    pub(crate) priority: i16,
    /// Neither the process nor any of its definitions asks for a queue or a priority.
    pub(crate) ordinary: bool,
    pub(crate) start: Option<Start>,
    pub(crate) nodes: Vec<NodeRecord>,
    /// The dependents of all nodes, side by side.
    pub(crate) dependents: Vec<u32>,
    pub(crate) scopes: Vec<ScopeRecord>,
}

/// The queues of the nodes of a plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queues {
    pub(crate) names: Vec<Arc<str>>,
    /// For each node the number of its queue.
    pub(crate) of_nodes: Vec<u32>,
}

/// One node as it is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeRecord {
    pub(crate) kind: NodeKind,
    /// The scope it belongs to; a terminal hook belongs to the scope that it ends.
    pub(crate) scope: u32,
    /// The step it comes from.
    pub(crate) place: u32,
    /// How many nodes it waits for.
    pub(crate) waits_for: u32,
    /// Where its dependents begin; they end where the next node's begin.
    pub(crate) first_dependent: u32,
}

/// One scope as it is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScopeRecord {
    pub(crate) parent: u32,
    pub(crate) definition: u32,
    pub(crate) started: u32,
    pub(crate) terminal: u32,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// A task.
    Task,
    /// The hook `on_started` of a process or sub-process.
    Started,
    /// Whichever of `on_completed`, `on_failed` and `on_cancelled` ends a process or sub-process.
    Terminal,
    /// A place where steps meet; it is no work, and passes through by itself.
    Join,
}

impl Plan {
    /// The identifier of the process.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// All nodes.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        (0..self.nodes.len()).map(|number| Node { plan: self, number })
    }

    /// One node.
    pub fn node(&self, number: usize) -> Option<Node<'_>> {
        (number < self.nodes.len()).then_some(Node { plan: self, number })
    }

    /// The process itself (0) and each place where a sub-process stands, parents first.
    pub fn scopes(&self) -> impl ExactSizeIterator<Item = Scope<'_>> {
        (0..self.scopes.len()).map(|number| Scope { plan: self, number })
    }

    /// How many tasks there are.
    pub fn task_count(&self) -> usize {
        self.nodes.iter().filter(|node| node.kind == NodeKind::Task).count()
    }

    /// Whether it goes into the default queue, at the default priority, with all its jobs.
    pub(crate) fn is_ordinary(&self) -> bool {
        self.ordinary
    }

    /// How much the process matters: jobs of a higher priority go first (`R6`).
    pub fn priority(&self) -> i16 {
        self.priority
    }

    /// When its first job may begin, if the process is enqueued now; nothing where that is at once.
    pub fn starts_at(&self, now: SystemTime) -> Option<SystemTime> {
        self.start.map(|start| start.from(now))
    }

    pub(crate) fn dependents_of(&self, number: u32) -> &[u32] {
        &self.dependents[self.dependents_range(number)]
    }

    /// Where the dependents of a node stand.
    pub(crate) fn dependents_range(&self, number: u32) -> std::ops::Range<usize> {
        let first = self.nodes[number as usize].first_dependent as usize;
        let next = self.nodes.get(number as usize + 1);
        first..next.map_or(self.dependents.len(), |next| next.first_dependent as usize)
    }

    pub(crate) fn definition_of(&self, scope: u32) -> &Definition {
        &self.tables.definitions[self.scopes[scope as usize].definition as usize]
    }

    /// The task of a node, if it is one.
    pub(crate) fn task_of(&self, number: u32) -> Option<&'static TaskInfo> {
        let node = &self.nodes[number as usize];
        if node.kind != NodeKind::Task {
            return None;
        }
        let record = &self.tables.records[node.place as usize];
        self.tables.definitions[record.definition as usize].task(record.task as usize)
    }

    /// The policy of a task: its own, then those of the sub-processes around it, innermost first, then the
    /// process's (`R9`). A process's timeout is not an attempt's.
    pub(crate) fn policy_of(&self, number: u32) -> Policy {
        let untimed = |policy: Policy| Policy { timeout: None, ..policy };
        let mut policy = self.task_of(number).map_or_else(Policy::new, TaskInfo::policy);
        let mut scope = self.nodes[number as usize].scope;
        // What the outermost definition asks for is part of the process's own policy.
        while scope != 0 {
            policy = policy.or(untimed(self.definition_of(scope).policy()));
            scope = self.scopes[scope as usize].parent;
        }
        policy.or(untimed(self.policy))
    }

    /// The name of a task, also of one that this program does not know.
    pub(crate) fn task_name(&self, number: u32) -> Option<&str> {
        let node = &self.nodes[number as usize];
        if node.kind == NodeKind::Task { self.tables.task_name(node.place as usize) } else { None }
    }

    /// Whether a scope is another one, or stands somewhere inside it.
    pub(crate) fn is_within(&self, mut inner: u32, outer: u32) -> bool {
        while inner != NO_SCOPE {
            if inner == outer {
                return true;
            }
            inner = self.scopes[inner as usize].parent;
        }
        false
    }

    /// The queue of a node: the task's own, else that of the innermost sub-process definition around it that names
    /// one, else the process's. A hook goes where a task would that names none.
    pub(crate) fn queue_of(&self, number: u32) -> &str {
        if let Some(queues) = &self.queues {
            let queue =
                queues.of_nodes.get(number as usize).and_then(|queue| queues.names.get(*queue as usize));
            return queue.map_or(DEFAULT_QUEUE, |name| name);
        }
        if let Some(queue) = self.task_of(number).and_then(TaskInfo::queue) {
            return queue;
        }
        let mut scope = self.nodes[number as usize].scope;
        // What the outermost definition asks for is part of the process's own queue.
        while scope != 0 {
            if let Some(queue) = self.definition_of(scope).queue() {
                return queue;
            }
            scope = self.scopes[scope as usize].parent;
        }
        self.queue.as_deref().unwrap_or(DEFAULT_QUEUE)
    }

    /// Whether another plan asks for the same work: the same steps with the same arguments (`R2`). How it is gone about,
    /// the policy, queue, priority and start, does not count: it may change with a deploy.
    pub fn same_content(&self, other: &Self) -> bool {
        Tables::same(&self.tables, &other.tables)
    }

    /// The bytes that the plan and the tables it is made of take, without the definitions.
    pub fn size_in_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<NodeRecord>()
            + self.dependents.capacity() * size_of::<u32>()
            + self.scopes.capacity() * size_of::<ScopeRecord>()
            + self.tables.size_in_bytes()
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("identifier", &self.identifier)
            .field("nodes", &self.nodes.len())
            .finish_non_exhaustive()
    }
}

/// One node of a plan.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    plan: &'a Plan,
    number: usize,
}

impl<'a> Node<'a> {
    fn record(&self) -> &'a NodeRecord {
        &self.plan.nodes[self.number]
    }

    /// Its number in the plan.
    pub fn number(&self) -> usize {
        self.number
    }

    /// What it is.
    pub fn kind(&self) -> NodeKind {
        self.record().kind
    }

    /// The number of the step it comes from, as [`Step::place`](crate::Step::place) counts.
    pub fn place(&self) -> usize {
        self.record().place as usize
    }

    /// The scope it belongs to.
    pub fn scope(&self) -> usize {
        self.record().scope as usize
    }

    /// How many nodes it waits for.
    pub fn waits_for(&self) -> usize {
        self.record().waits_for as usize
    }

    /// The numbers of the nodes that wait for it.
    pub fn dependents(&self) -> &'a [u32] {
        self.plan.dependents_of(u32::try_from(self.number).unwrap_or(u32::MAX))
    }

    /// The definition it belongs to.
    pub fn definition(&self) -> &'a Definition {
        self.plan.definition_of(self.record().scope)
    }

    /// The task, if it is one.
    pub fn task(&self) -> Option<&'a TaskInfo> {
        self.plan.task_of(u32::try_from(self.number).unwrap_or(u32::MAX))
    }

    /// The queue it goes to: `"default"` where nothing asks for another.
    pub fn queue(&self) -> &'a str {
        self.plan.queue_of(u32::try_from(self.number).unwrap_or(u32::MAX))
    }

    /// The description of its step.
    pub fn description(&self) -> Option<&'a str> {
        let text = self.plan.tables.records[self.place()].description;
        (text != NO_TEXT).then(|| self.plan.tables.text(text))
    }

    /// The arguments at its step.
    pub fn arguments(&self) -> ArgumentsRef<'a> {
        self.plan.tables.arguments.get(self.plan.tables.records[self.place()].arguments)
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} -> {:?}", self.number, self.kind(), self.dependents())
    }
}

/// A process or a place where a sub-process stands: what has hooks.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    plan: &'a Plan,
    number: usize,
}

impl<'a> Scope<'a> {
    /// Its number; the process itself is 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The scope around it; none for the process itself.
    pub fn parent(&self) -> Option<usize> {
        let parent = self.plan.scopes[self.number].parent;
        (parent != NO_SCOPE).then_some(parent as usize)
    }

    /// The definition.
    pub fn definition(&self) -> &'a Definition {
        self.plan.definition_of(u32::try_from(self.number).unwrap_or(NO_SCOPE))
    }

    /// The node of its `on_started`.
    pub fn started(&self) -> usize {
        self.plan.scopes[self.number].started as usize
    }

    /// The node of the hook that ends it.
    pub fn terminal(&self) -> usize {
        self.plan.scopes[self.number].terminal as usize
    }
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {:?}", self.number, self.definition().name(), self.parent())
    }
}
