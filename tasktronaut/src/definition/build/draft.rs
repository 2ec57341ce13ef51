//! [`Draft`]: a process while it is being built, without the type of its definition.
//!
//! The first error is kept, and everything after it does nothing; so a builder's methods need not return results.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::error::BuildError;
use crate::definition::ProcessDefinition;
use crate::definition::erased::Definition;
use crate::definition::registry::Registry;
use crate::definition::tables::{NO_TASK, NO_TEXT, Record, RecordKind, Tables};
use crate::definition::task::TaskInfo;
use crate::words::arguments::table::EMPTY_SET;
use crate::words::arguments::{ArgumentError, Encoder, Parameter};
use crate::words::name::{check_name, nearest};

/// Sub-processes stand in each other this deep at most: each level takes stack of the thread that builds.
const MAX_SUB_PROCESSES: usize = 100;

/// The largest arguments of one step, in bytes (`R21`).
const MAX_ARGUMENT_BYTES: usize = 256 * 1024;

/// A process on its way to being built.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) tables: Tables,
    pub(crate) options: Arc<HashMap<String, Value>>,
    pub(crate) registry: Registry,
    /// The set of arguments that steps get here.
    pub(crate) arguments: u32,
    /// The description of the enclosing block, item or process.
    pub(crate) description: u32,
    /// The definition whose steps are being added.
    pub(crate) definition: u32,
    /// The blocks that are open, each with the description that is put back when it is closed.
    open: Vec<(u32, u32)>,
    sub_processes: usize,
    known: HashMap<TypeId, u32>,
    texts_of_tasks: HashMap<(u32, u32), u32>,
    error: Option<BuildError>,
}

/// What a nested block or item changes for its steps, to be put back afterwards.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings {
    arguments: u32,
    description: u32,
    definition: u32,
}

impl Draft {
    pub(crate) fn new(options: HashMap<String, Value>, registry: Registry) -> Self {
        Self { options: Arc::new(options), registry, description: NO_TEXT, ..Self::default() }
    }

    /// Takes the arguments that the process starts with.
    pub(crate) fn start(&mut self, definition: &Definition, fill: impl FnOnce(&mut Encoder<'_>)) {
        match self.tables.arguments.add(EMPTY_SET, fill) {
            Ok(set) => self.arguments = set,
            Err(error) => {
                let process = definition.name().to_owned();
                self.fail(BuildError::Argument { step: process.clone(), process, error: Box::new(error) });
            }
        }
    }

    pub(crate) fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// Keeps an error, if it is the first.
    pub(crate) fn fail(&mut self, error: BuildError) {
        if self.error.is_none() {
            let process = self.process_name();
            self.error = Some(error.within(&process));
        }
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings { arguments: self.arguments, description: self.description, definition: self.definition }
    }

    pub(crate) fn put_back(&mut self, surroundings: Surroundings) {
        self.arguments = surroundings.arguments;
        self.description = surroundings.description;
        self.definition = surroundings.definition;
    }

    pub(crate) fn current(&self) -> Option<&Definition> {
        self.tables.definitions.get(self.definition as usize)
    }

    pub(crate) fn process_name(&self) -> String {
        self.current().map(|definition| definition.name().to_owned()).unwrap_or_default()
    }

    /// The number of a given text, or else of the text around.
    pub(crate) fn text_or_inherited(&mut self, text: Option<&str>) -> u32 {
        match text.map_or(NO_TEXT, |text| self.tables.number_of(text)) {
            NO_TEXT => self.description,
            number => number,
        }
    }

    /// Opens a block; false when nothing more is to be added.
    pub(crate) fn open(&mut self, kind: RecordKind, text: Option<&str>) -> bool {
        let own = text.map_or(NO_TEXT, |text| self.tables.number_of(text));
        let record = Record {
            kind,
            definition: self.definition,
            task: NO_TASK,
            description: own,
            arguments: self.arguments,
            end: 0,
        };
        let Some(place) = self.push(record) else {
            return false;
        };
        self.open.push((place, self.description));
        if own != NO_TEXT {
            self.description = own;
        }
        true
    }

    /// Closes the block that was opened last.
    pub(crate) fn close(&mut self) {
        let end = u32::try_from(self.tables.records.len()).unwrap_or(u32::MAX);
        match self.open.pop() {
            Some((place, description)) => {
                self.tables.records[place as usize].end = end;
                self.description = description;
            }
            None => self.fail(BuildError::Blocks {
                process: self.process_name(),
                reason: "a block was closed that was not open",
            }),
        }
    }

    pub(crate) fn open_blocks(&self) -> usize {
        self.open.len()
    }

    fn push(&mut self, record: Record) -> Option<u32> {
        if self.failed() {
            return None;
        }
        let Ok(place) = u32::try_from(self.tables.records.len() + 1) else {
            self.fail(BuildError::TooManySteps { process: self.process_name(), limit: u32::MAX as usize });
            return None;
        };
        self.tables.records.push(record);
        Some(place - 1)
    }

    /// Adds a task after checking its arguments.
    pub(crate) fn task(&mut self, task: usize, info: &TaskInfo, text: Option<&str>) {
        if self.failed() {
            return;
        }
        if let Err(error) = self.check_arguments(info) {
            let process = self.process_name();
            return self.fail(BuildError::Argument {
                process,
                step: info.name.to_owned(),
                error: Box::new(error),
            });
        }
        let task = u32::try_from(task).unwrap_or(NO_TASK);
        let description = self.task_text(task, info, text);
        let end = u32::try_from(self.tables.records.len() + 1).unwrap_or(u32::MAX);
        let (definition, arguments) = (self.definition, self.arguments);
        self.push(Record { kind: RecordKind::Task, definition, task, description, arguments, end });
    }

    /// The step's description, else the task's, else that of what is around it.
    fn task_text(&mut self, task: u32, info: &TaskInfo, text: Option<&str>) -> u32 {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            return self.tables.number_of(text);
        }
        let Some(own) = info.description else {
            return self.description;
        };
        let key = (self.definition, task);
        if let Some(number) = self.texts_of_tasks.get(&key) {
            return *number;
        }
        let number = self.tables.number_of(own);
        self.texts_of_tasks.insert(key, number);
        number
    }

    fn check_arguments(&self, info: &TaskInfo) -> Result<(), ArgumentError> {
        let arguments = self.tables.arguments.get(self.arguments);
        let mut bytes = 2;
        for parameter in info.parameters {
            let text = arguments.text(parameter.name());
            parameter.check(text)?;
            bytes += parameter.name().len() + 4 + text.map_or(0, <[u8]>::len);
        }
        if info.takes_all {
            bytes = arguments.size();
        }
        if bytes > MAX_ARGUMENT_BYTES {
            return Err(ArgumentError::TooLarge { bytes, limit: MAX_ARGUMENT_BYTES });
        }
        Ok(())
    }

    /// Checks the arguments that a source or a process takes.
    pub(crate) fn check_parameters(&mut self, step: &str, parameters: &[Parameter]) -> bool {
        let arguments = self.tables.arguments.get(self.arguments);
        let checked =
            parameters.iter().try_for_each(|parameter| parameter.check(arguments.text(parameter.name())));
        match checked {
            Ok(()) => true,
            Err(error) => {
                let process = self.process_name();
                self.fail(BuildError::Argument { process, step: step.to_owned(), error: Box::new(error) });
                false
            }
        }
    }

    /// Adds a process: the outermost one, or a sub-process.
    pub(crate) fn process(mut self, definition: &Definition, text: Option<&str>) -> Self {
        if self.failed() {
            return self;
        }
        if self.sub_processes >= MAX_SUB_PROCESSES {
            let process = definition.name().to_owned();
            self.fail(BuildError::TooDeep { process, limit: MAX_SUB_PROCESSES });
            return self;
        }
        let surroundings = self.surroundings();
        match self.number_of(definition) {
            Ok(number) => self.definition = number,
            Err(error) => {
                self.fail(error);
                return self;
            }
        }
        if self.check_parameters(definition.name(), definition.parameters())
            && self.open(RecordKind::Process(definition.execution_mode()), text)
        {
            self.sub_processes += 1;
            let blocks = self.open_blocks();
            self = Arc::clone(definition.erased()).define(self);
            if self.open_blocks() > blocks {
                let process = self.process_name();
                self.fail(BuildError::Blocks { process, reason: "a block was opened and never closed" });
            }
            self.sub_processes -= 1;
            if !self.failed() {
                self.close();
            }
        }
        self.put_back(surroundings);
        self
    }

    /// The definition of a type: from the registry, or made by itself.
    pub(crate) fn resolve<D: ProcessDefinition>(&mut self) -> Option<Definition> {
        if let Some(number) = self.known.get(&TypeId::of::<D>()) {
            return self.tables.definitions.get(*number as usize).cloned();
        }
        if let Some(definition) = self.registry.instance_of::<D>() {
            return Some(definition);
        }
        let made = D::instance().map(Definition::new);
        if made.is_none() {
            self.fail(BuildError::no_instance::<D>());
        }
        made
    }

    /// The number of a definition among those that take part. A new one is checked first.
    fn number_of(&mut self, definition: &Definition) -> Result<u32, BuildError> {
        let same = |known: &Definition| Arc::ptr_eq(known.erased(), definition.erased());
        if let Some(number) = self.tables.definitions.iter().position(same) {
            return Ok(u32::try_from(number).unwrap_or(u32::MAX));
        }
        check_definition(definition)?;
        let number = u32::try_from(self.tables.definitions.len()).unwrap_or(u32::MAX);
        self.known.entry(definition.instance_type()).or_insert(number);
        self.tables.definitions.push(definition.clone());
        Ok(number)
    }

    /// The finished tables.
    pub(crate) fn finish(mut self) -> Result<Tables, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.tables.settle();
        Ok(self.tables)
    }
}

/// Names must fit into every store, and a task must be found by its name alone.
pub(crate) fn check_definition(definition: &Definition) -> Result<(), BuildError> {
    let refuse = |reason: String| BuildError::Definition { process: definition.name().to_owned(), reason };
    check_name(definition.name()).map_err(|error| refuse(error.to_string()))?;
    let mut seen = std::collections::HashSet::new();
    for task in definition.tasks() {
        check_name(task.name).map_err(|error| refuse(error.to_string()))?;
        if !seen.insert(task.name) {
            return Err(refuse(format!("it has two tasks named `{}`", task.name)));
        }
        check_queue(task.queue, || format!("{}/{}", definition.name(), task.name))?;
    }
    check_queue(definition.queue(), || definition.name().to_owned())
}

/// Queues are named like definitions and tasks (`R21`).
pub(crate) fn check_queue(queue: Option<&str>, whose: impl FnOnce() -> String) -> Result<(), BuildError> {
    queue.map_or(Ok(()), check_name).map_err(|error| BuildError::Queue { whose: whose(), error })
}

/// A hint for a misspelt name: the nearest one, or all there are.
pub(crate) fn hint<'a>(word: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(word, names.clone()) {
        return format!("did you mean `{near}`?");
    }
    let all: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if all.is_empty() { "it has none".to_owned() } else { format!("it has {}", all.join(", ")) }
}
