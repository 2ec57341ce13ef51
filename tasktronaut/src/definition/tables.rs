//! The built process as flat tables. A tree of boxes would overflow the stack when it is dropped, cloned or printed
//! at ten thousand levels; tables do not recurse.

use std::collections::HashMap;
use std::sync::Arc;

use super::ExecutionMode;
use super::erased::Definition;
use crate::words::arguments::table::{ArgumentTable, EMPTY_SET};
use crate::words::arguments::{ArgumentError, ArgumentSet, Arguments};

/// The number that stands for "no text".
pub(crate) const NO_TEXT: u32 = u32::MAX;

/// The number that stands for "no task".
pub(crate) const NO_TASK: u32 = u32::MAX;

/// All of a built process.
#[derive(Default)]
pub(crate) struct Tables {
    /// The definitions that take part, the process's own first.
    pub(crate) definitions: Vec<Definition>,
    /// The steps, depth first; the first is the process itself.
    pub(crate) records: Vec<Record>,
    pub(crate) arguments: ArgumentTable,
    pub(crate) texts: Vec<Arc<str>>,
    pub(crate) numbers: HashMap<Arc<str>, u32>,
    /// Tasks that this program does not know, where the process comes from another one: the names of those numbers
    /// that no definition here has.
    pub(crate) foreign: HashMap<(u32, u32), Arc<str>>,
}

/// One step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    pub(crate) kind: RecordKind,
    /// Which of the definitions it belongs to; for a sub-process, the sub-process's own.
    pub(crate) definition: u32,
    /// The number of the task in its definition.
    pub(crate) task: u32,
    pub(crate) description: u32,
    pub(crate) arguments: u32,
    /// The number after its last descendant.
    pub(crate) end: u32,
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Task,
    Block(ExecutionMode),
    /// The process itself, or a sub-process: a block with hooks of its own.
    Process(ExecutionMode),
}

impl Tables {
    /// The tables of one task alone, as a queue hands it over.
    pub(crate) fn of_task(
        definition: Definition,
        task: u32,
        description: Option<&str>,
        arguments: &Arguments,
    ) -> Result<Self, ArgumentError> {
        let mut tables = Self { definitions: vec![definition], ..Self::default() };
        let description = tables.number_of(description.unwrap_or_default());
        let arguments = tables.arguments.add(EMPTY_SET, |encoder| arguments.encode(encoder))?;
        tables.records.push(Record {
            kind: RecordKind::Task,
            definition: 0,
            task,
            description,
            arguments,
            end: 1,
        });
        Ok(tables)
    }

    /// The name of the task of a step, if it is one.
    pub(crate) fn task_name(&self, place: usize) -> Option<&str> {
        let Record { definition, task, kind, .. } = *self.records.get(place)?;
        if kind != RecordKind::Task {
            return None;
        }
        match self.definitions[definition as usize].task(task as usize) {
            Some(task) => Some(task.name),
            None => self.foreign.get(&(definition, task)).map(|name| &**name),
        }
    }

    /// The number of a text; an empty one counts as none.
    pub(crate) fn number_of(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return NO_TEXT;
        }
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(NO_TEXT);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }

    /// The bytes of the steps, their texts and their arguments.
    pub(crate) fn size_in_bytes(&self) -> usize {
        let texts: usize = self.texts.iter().map(|text| text.len() + 2 * size_of::<usize>()).sum();
        self.records.capacity() * size_of::<Record>()
            + self.texts.capacity() * size_of::<Arc<str>>()
            + texts
            + self.arguments.size_in_bytes()
    }

    /// Gives back what only building needs.
    pub(crate) fn settle(&mut self) {
        self.numbers = HashMap::new();
        self.records.shrink_to_fit();
        self.texts.shrink_to_fit();
        self.arguments.shrink();
    }
}
