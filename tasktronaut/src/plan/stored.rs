//! A plan as bytes: what a store keeps (`R17`: the plan is data, fixed when it is enqueued).
//!
//! Definitions and tasks are named, and looked up again by whoever reads the plan. What the reader does not know keeps
//! its name, and nothing else. Nothing that is read is trusted: every number is checked before it is used.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::graph::{NO_SCOPE, NodeKind, NodeRecord, Plan, Queues, ScopeRecord};
use crate::definition::ExecutionMode;
use crate::definition::erased::Definition;
use crate::definition::tables::{NO_TASK, NO_TEXT, Record, RecordKind, Tables};
use crate::words::arguments::stored::StoredArguments;
use crate::words::policy::Policy;

/// The form of the bytes; a reader refuses what is newer.
const FORM: u8 = 1;

#[derive(Serialize, Deserialize)]
struct StoredPlan {
    policy: StoredPolicy,
    priority: i16,
    definitions: Vec<StoredDefinition>,
    steps: Vec<StoredStep>,
    texts: Vec<String>,
    arguments: StoredArguments,
    nodes: Vec<StoredNode>,
    dependents: Vec<u32>,
    scopes: Vec<StoredScope>,
    queues: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredPolicy {
    retries: Option<u32>,
    backoff: Option<Duration>,
    backoff_cap: Option<Duration>,
    timeout: Option<Duration>,
    finish_siblings: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredDefinition {
    name: String,
    /// The tasks that the process has, by name; steps refer to them by their number here.
    tasks: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredStep {
    /// 0 task; 1 and 2 sequential and concurrent block; 3 and 4 sequential and concurrent process.
    kind: u8,
    definition: u32,
    task: Option<u32>,
    description: Option<u32>,
    arguments: u32,
    end: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredNode {
    /// 0 task, 1 started, 2 terminal, 3 join.
    kind: u8,
    scope: u32,
    place: u32,
    waits_for: u32,
    dependents: u32,
    queue: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredScope {
    parent: Option<u32>,
    definition: u32,
    started: u32,
    terminal: u32,
}

impl Plan {
    /// The plan as bytes, without its identifier.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_extend(&StoredPlan::of(self), vec![FORM])
    }

    /// The plan of these bytes. `find` gives the definitions that are known here.
    pub(crate) fn from_bytes(
        identifier: &str,
        bytes: &[u8],
        find: impl Fn(&str) -> Option<Definition>,
    ) -> Result<Self, String> {
        let (form, rest) = bytes.split_first().ok_or("it is empty")?;
        if *form != FORM {
            return Err(format!("it has the form {form}; this program reads form {FORM}"));
        }
        let stored: StoredPlan = postcard::from_bytes(rest).map_err(|error| error.to_string())?;
        stored.check()?;
        stored.into_plan(identifier, find).map_err(str::to_owned)
    }
}

impl StoredPlan {
    fn of(plan: &Plan) -> Self {
        let tables = &plan.tables;
        let names = tables.definitions.iter();
        let mut definitions: Vec<StoredDefinition> = names
            .map(|definition| StoredDefinition { name: definition.name().to_owned(), tasks: Vec::new() })
            .collect();
        let mut numbers: HashMap<(u32, u32), u32> = HashMap::new();
        let mut steps = Vec::with_capacity(tables.records.len());
        for (place, record) in tables.records.iter().enumerate() {
            let task = tables.task_name(place).map(|name| {
                let tasks = &mut definitions[record.definition as usize].tasks;
                *numbers.entry((record.definition, record.task)).or_insert_with(|| {
                    tasks.push(name.to_owned());
                    narrow(tasks.len() - 1)
                })
            });
            steps.push(StoredStep {
                kind: step_code(record.kind),
                definition: record.definition,
                task,
                description: (record.description != NO_TEXT).then_some(record.description),
                arguments: record.arguments,
                end: record.end,
            });
        }
        let mut queues = QueueNumbers::default();
        let node = |(number, node): (usize, &NodeRecord)| StoredNode {
            kind: node_code(node.kind),
            scope: node.scope,
            place: node.place,
            waits_for: node.waits_for,
            dependents: narrow(plan.dependents_of(narrow(number)).len()),
            queue: queues.number_of(plan.queue_of(narrow(number))),
        };
        let nodes = plan.nodes.iter().enumerate().map(node).collect();
        let scope = |scope: &ScopeRecord| StoredScope {
            parent: (scope.parent != NO_SCOPE).then_some(scope.parent),
            definition: scope.definition,
            started: scope.started,
            terminal: scope.terminal,
        };
        let Policy { retries, backoff, backoff_cap, timeout, finish_siblings } = plan.policy;
        Self {
            policy: StoredPolicy { retries, backoff, backoff_cap, timeout, finish_siblings },
            priority: plan.priority,
            definitions,
            steps,
            texts: tables.texts.iter().map(ToString::to_string).collect(),
            arguments: StoredArguments::of(&tables.arguments),
            nodes,
            dependents: plan.dependents.clone(),
            scopes: plan.scopes.iter().map(scope).collect(),
            queues: queues.names,
        }
    }

    /// Whether every number refers to something that is there, and the graph has no circle.
    fn check(&self) -> Result<(), &'static str> {
        let (steps, nodes, scopes) = (self.steps.len(), self.nodes.len(), self.scopes.len());
        if steps == 0 || nodes == 0 || scopes == 0 || self.definitions.is_empty() {
            return Err("it has no step, no job, no scope or no definition");
        }
        for (place, step) in self.steps.iter().enumerate() {
            let Some(definition) = self.definitions.get(step.definition as usize) else {
                return Err("a step belongs to a definition that is not there");
            };
            let has_task = step.task.is_some_and(|task| (task as usize) < definition.tasks.len());
            if (step.kind == 0) != has_task || step.kind > 4 {
                return Err("a step is of no kind that there is, or its task is not there");
            }
            if (step.end as usize) <= place || step.end as usize > steps {
                return Err("a step ends where none can end");
            }
            if step.description.is_some_and(|text| text as usize >= self.texts.len()) {
                return Err("the description of a step is not there");
            }
        }
        let mut first = 0;
        let mut waits_for = vec![0_u32; nodes];
        for (number, node) in self.nodes.iter().enumerate() {
            if node.kind > 3 || node.scope as usize >= scopes || node.queue as usize >= self.queues.len() {
                return Err("a job is of no kind that there is, or its scope or queue is not there");
            }
            let Some(step) = self.steps.get(node.place as usize) else {
                return Err("the step of a job is not there");
            };
            if (node.kind == 0) != (step.kind == 0) && node.kind != 3 {
                return Err("a job and its step are of different kinds");
            }
            let Some(dependents) = self.dependents.get(first..first + node.dependents as usize) else {
                return Err("a job has more dependents than there are");
            };
            first += node.dependents as usize;
            for dependent in dependents {
                // Whatever follows a node has a greater number; so there is no circle.
                match waits_for.get_mut(*dependent as usize) {
                    Some(count) if *dependent as usize > number => *count += 1,
                    _ => return Err("a job is followed by one that is not there, or not behind it"),
                }
            }
        }
        if first != self.dependents.len()
            || self.nodes.iter().zip(&waits_for).any(|(node, count)| node.waits_for != *count)
        {
            return Err("a job waits for more or fewer jobs than it follows");
        }
        for (number, scope) in self.scopes.iter().enumerate() {
            let is_there = (scope.definition as usize) < self.definitions.len()
                && scope.parent.map_or(number == 0, |parent| (parent as usize) < number);
            let kind = |node: u32| self.nodes.get(node as usize).map(|node| node.kind);
            if !is_there || kind(scope.started) != Some(1) || kind(scope.terminal) != Some(2) {
                return Err("a scope lacks its hooks, its definition or the scope around it");
            }
        }
        Ok(())
    }

    fn into_plan(
        self,
        identifier: &str,
        find: impl Fn(&str) -> Option<Definition>,
    ) -> Result<Plan, &'static str> {
        let mut tables = Tables { arguments: self.arguments.into_table()?, ..Tables::default() };
        tables.texts = self.texts.into_iter().map(Arc::from).collect();
        // The numbers that tasks have here, by those that they have in the store.
        let mut numbers: Vec<Vec<u32>> = Vec::with_capacity(self.definitions.len());
        for (number, stored) in self.definitions.into_iter().enumerate() {
            let definition =
                find(&stored.name).unwrap_or_else(|| Definition::foreign(stored.name.as_str().into()));
            let known = definition.tasks().count();
            let mut own = Vec::with_capacity(stored.tasks.len());
            for (position, name) in stored.tasks.into_iter().enumerate() {
                let here = definition.erased().task_index(&name).map(narrow);
                own.push(here.unwrap_or_else(|| {
                    let unknown = narrow(known + position);
                    tables.foreign.insert((narrow(number), unknown), name.into());
                    unknown
                }));
            }
            tables.definitions.push(definition);
            numbers.push(own);
        }
        tables.records = self
            .steps
            .iter()
            .map(|step| Record {
                kind: step_kind(step.kind),
                definition: step.definition,
                task: step.task.map_or(NO_TASK, |task| numbers[step.definition as usize][task as usize]),
                description: step.description.unwrap_or(NO_TEXT),
                arguments: step.arguments,
                end: step.end,
            })
            .collect();
        let mut first_dependent = 0;
        let mut queues =
            Queues { names: self.queues.into_iter().map(Arc::from).collect(), ..Queues::default() };
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for node in self.nodes {
            nodes.push(NodeRecord {
                kind: node_kind(node.kind),
                scope: node.scope,
                place: node.place,
                waits_for: node.waits_for,
                first_dependent,
            });
            queues.of_nodes.push(node.queue);
            first_dependent += node.dependents;
        }
        let scope = |scope: StoredScope| ScopeRecord {
            parent: scope.parent.unwrap_or(NO_SCOPE),
            definition: scope.definition,
            started: scope.started,
            terminal: scope.terminal,
        };
        let StoredPolicy { retries, backoff, backoff_cap, timeout, finish_siblings } = self.policy;
        Ok(Plan {
            identifier: identifier.into(),
            tables: Arc::new(tables),
            policy: Policy { retries, backoff, backoff_cap, timeout, finish_siblings },
            queue: None,
            queues: Some(queues),
            priority: self.priority,
            ordinary: false,
            start: None,
            nodes,
            dependents: self.dependents,
            scopes: self.scopes.into_iter().map(scope).collect(),
        })
    }
}

/// Queues by number, each name once. Plans name few.
#[derive(Default)]
struct QueueNumbers {
    names: Vec<String>,
}

impl QueueNumbers {
    fn number_of(&mut self, name: &str) -> u32 {
        let known = self.names.iter().position(|known| known == name);
        narrow(known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }))
    }
}

fn step_code(kind: RecordKind) -> u8 {
    match kind {
        RecordKind::Task => 0,
        RecordKind::Block(ExecutionMode::Sequential) => 1,
        RecordKind::Block(ExecutionMode::Concurrent) => 2,
        RecordKind::Process(ExecutionMode::Sequential) => 3,
        RecordKind::Process(ExecutionMode::Concurrent) => 4,
    }
}

fn step_kind(code: u8) -> RecordKind {
    match code {
        0 => RecordKind::Task,
        1 => RecordKind::Block(ExecutionMode::Sequential),
        2 => RecordKind::Block(ExecutionMode::Concurrent),
        3 => RecordKind::Process(ExecutionMode::Sequential),
        _ => RecordKind::Process(ExecutionMode::Concurrent),
    }
}

fn node_code(kind: NodeKind) -> u8 {
    match kind {
        NodeKind::Task => 0,
        NodeKind::Started => 1,
        NodeKind::Terminal => 2,
        NodeKind::Join => 3,
    }
}

fn node_kind(code: u8) -> NodeKind {
    match code {
        0 => NodeKind::Task,
        1 => NodeKind::Started,
        2 => NodeKind::Terminal,
        _ => NodeKind::Join,
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::registry::Registry;
    use crate::{Arguments, BuildError, Builder, ProcessBuilder, ProcessDefinition, Task, arguments};

    struct Album;

    impl ProcessDefinition for Album {
        type Arguments = Arguments;

        fn name(&self) -> &'static str {
            "album"
        }

        fn tasks(&self) -> &'static [Task<Self>] {
            const TASKS: &[Task<Album>] = &[
                Task::plain("unused", |_| Ok(())),
                Task::plain("a", |_| Ok(())),
                Task::plain("b", |_| Ok(())),
            ];
            TASKS
        }

        fn instance() -> Option<Self> {
            Some(Self)
        }

        fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
            builder.task("a").concurrent(|builder| {
                builder.task("b").task("a");
            });
            builder.concurrent(|builder| {
                builder.task("b").task("b");
            });
            Ok(())
        }
    }

    fn plan() -> Plan {
        let builder = ProcessBuilder::<Album>::new(arguments! { title: "Été", photos: [1, 2] });
        builder.identifier("album-17").priority(3).queue("gpu").build().unwrap().plan()
    }

    fn known(name: &str) -> Option<Definition> {
        Registry::new().with(Album).unwrap().load(name).ok()
    }

    #[test]
    fn a_plan_comes_back_as_it_was() {
        let plan = plan();
        let bytes = plan.to_bytes().unwrap();
        for find in [known as fn(&str) -> Option<Definition>, |_| None] {
            let back = Plan::from_bytes("album-17", &bytes, find).unwrap();
            assert!(plan.same_content(&back));
            assert_eq!((back.priority(), back.queue_of(2)), (3, "gpu"));
            for (one, other) in plan.nodes().zip(back.nodes()) {
                assert_eq!(format!("{one:?}"), format!("{other:?}"));
                assert_eq!(one.arguments().to_arguments(), other.arguments().to_arguments());
                assert_eq!(plan.task_name(narrow(one.number())), back.task_name(narrow(one.number())));
            }
        }
    }

    #[test]
    fn what_is_not_known_here_has_a_name_and_no_task() {
        let back = Plan::from_bytes("x", &plan().to_bytes().unwrap(), |_| None).unwrap();
        assert!(back.nodes().all(|node| node.task().is_none()));
        assert_eq!(back.definition_of(0).name(), "album");
    }

    #[test]
    fn bytes_that_make_no_sense_are_refused_and_never_panic() {
        let bytes = plan().to_bytes().unwrap();
        let mut refused = 0;
        for place in 0..bytes.len() {
            for change in [1_u8, 0x7f, 0x80, 0xff] {
                let mut mutated = bytes.clone();
                mutated[place] ^= change;
                match Plan::from_bytes("x", &mutated, known) {
                    Err(_) => refused += 1,
                    // What is taken can be used.
                    Ok(plan) => {
                        for node in plan.nodes() {
                            let _ = (node.arguments().to_arguments(), node.description(), node.queue());
                            let _ = (node.task(), node.definition().name(), format!("{node:?}"));
                        }
                        plan.same_content(&plan.clone());
                    }
                }
            }
        }
        assert!(refused > bytes.len());
        assert!(Plan::from_bytes("x", &[], known).is_err());
        assert!(Plan::from_bytes("x", &bytes[..bytes.len() / 2], known).is_err());
    }
}
