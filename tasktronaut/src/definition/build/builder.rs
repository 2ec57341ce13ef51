//! [`Builder`]: how a definition draws its graph.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::draft::{Draft, hint};
use super::error::BuildError;
use crate::definition::erased::{Bound, Definition};
use crate::definition::source::{ItemSink, Source, SourceError, SourceKind};
use crate::definition::tables::RecordKind;
use crate::definition::task::Task;
use crate::definition::{ExecutionMode, ProcessDefinition};
use crate::words::arguments::table::EMPTY_SET;
use crate::words::arguments::{Arguments, ArgumentsRef, Expected, kind_of_json};
use crate::words::truth::is_true;

/// Draws the graph of a process: adds steps, one after the other, at the current place.
///
/// The first mistake is kept and told by [`ProcessBuilder::build`](crate::ProcessBuilder::build); what comes after it
/// does nothing. So a definition reads like the graph it draws:
///
/// ```
/// use tasktronaut::prelude::*;
///
/// #[derive(Default)]
/// struct Album;
///
/// #[process]
/// impl Album {
///     fn define_process(&self, builder: &mut Builder<Self>) {
///         builder.task("create_album");
///         builder.describe("Prepare the photos").concurrent(|builder| {
///             builder.each_in("photos", "path", |builder| {
///                 builder.task("resize");
///             });
///         });
///         if builder.option_or("notify", true) {
///             builder.describe("Tell the subscribers").task("announce");
///         }
///     }
///
///     #[task]
///     fn create_album(&self) {}
///
///     #[task]
///     fn resize(&self, path: String) {}
///
///     #[task]
///     fn announce(&self) {}
/// }
///
/// let process = Album::process(arguments! { photos: ["a.jpg", "b.jpg"] }).build()?;
/// assert_eq!(process.tasks().count(), 4);
/// # Ok::<(), BuildError>(())
/// ```
pub struct Builder<D> {
    bound: Arc<Bound<D>>,
    draft: Draft,
    /// The description for the next step, from [`describe`](Self::describe).
    next: Option<String>,
}

/// What a block's closure, and a hand-written `define_process`, may return: nothing, or a `Result`.
pub trait BuildResult {
    /// The error, if there is one.
    fn into_result(self) -> Result<(), BuildError>;
}

impl BuildResult for () {
    fn into_result(self) -> Result<(), BuildError> {
        Ok(())
    }
}

impl BuildResult for &mut () {
    fn into_result(self) -> Result<(), BuildError> {
        Ok(())
    }
}

impl<D> BuildResult for &mut Builder<D> {
    fn into_result(self) -> Result<(), BuildError> {
        Ok(())
    }
}

impl BuildResult for Result<(), BuildError> {
    fn into_result(self) -> Result<(), BuildError> {
        self
    }
}

impl<D: ProcessDefinition> Builder<D> {
    pub(crate) fn new(bound: Arc<Bound<D>>, draft: Draft) -> Self {
        Self { bound, draft, next: None }
    }

    pub(crate) fn define(&mut self) {
        let bound = Arc::clone(&self.bound);
        let result = bound.definition.define_process(self);
        self.keep(result);
    }

    pub(crate) fn into_draft(self) -> Draft {
        self.draft
    }

    /// The description of the next step, block, source or sub-process. An empty text counts as none.
    pub fn describe(&mut self, description: impl Into<String>) -> &mut Self {
        self.next = Some(description.into());
        self
    }

    /// Adds a task by its name.
    pub fn task(&mut self, name: &str) -> &mut Self {
        let text = self.next.take();
        let found = self.draft.current().and_then(|definition| definition.erased().task_index(name));
        match found {
            Some(index) => self.add_task(index, text.as_deref()),
            None => {
                let names = self.bound.definition.tasks().iter().map(|task| task.info().name);
                let hint = hint(name, names);
                let process = self.draft.process_name();
                self.draft.fail(BuildError::UnknownTask { process, task: name.to_owned(), hint });
            }
        }
        self
    }

    fn add_task(&mut self, index: usize, text: Option<&str>) {
        if let Some(info) = self.bound.definition.tasks().get(index).map(Task::info) {
            self.draft.task(index, info, text);
        }
    }

    /// Adds a block whose steps run one after the other.
    pub fn sequential<R: BuildResult>(&mut self, steps: impl FnOnce(&mut Self) -> R) -> &mut Self {
        self.block(ExecutionMode::Sequential, steps)
    }

    /// Adds a block whose steps may run at the same time.
    pub fn concurrent<R: BuildResult>(&mut self, steps: impl FnOnce(&mut Self) -> R) -> &mut Self {
        self.block(ExecutionMode::Concurrent, steps)
    }

    fn block<R: BuildResult>(
        &mut self,
        mode: ExecutionMode,
        steps: impl FnOnce(&mut Self) -> R,
    ) -> &mut Self {
        let surroundings = self.draft.surroundings();
        let before = self.draft.open_blocks();
        self.begin(mode);
        if !self.draft.failed() {
            let result = steps(self).into_result();
            self.keep(result);
        }
        if !self.draft.failed() {
            if self.draft.open_blocks() == before + 1 {
                self.draft.close();
            } else {
                let process = self.draft.process_name();
                self.draft.fail(BuildError::Blocks { process, reason: "`begin` and `end` do not match" });
            }
        }
        self.draft.put_back(surroundings);
        self
    }

    /// Opens a block by hand, for graphs deeper than the stack or read from data; [`end`](Self::end) closes it.
    pub fn begin(&mut self, mode: ExecutionMode) -> &mut Self {
        let text = self.next.take();
        self.draft.open(RecordKind::Block(mode), text.as_deref());
        self
    }

    /// Closes the block that [`begin`](Self::begin) opened last.
    pub fn end(&mut self) -> &mut Self {
        if !self.draft.failed() {
            self.draft.close();
        }
        self
    }

    /// Adds steps for each of the items. The fields of an item replace the arguments; an
    /// [`arguments!`](crate::arguments) literal [`merged`](Arguments::merged) with [`arguments`](Self::arguments)
    /// keeps them. A [`Described`](crate::Described) item describes its steps.
    pub fn each<T: Serialize, R: BuildResult>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut steps: impl FnMut(&mut Self) -> R,
    ) -> &mut Self {
        let text = self.next.take();
        for item in items {
            let mut sink =
                ItemSink { table: &mut self.draft.tables.arguments, over: EMPTY_SET, sets: Vec::new() };
            let added = sink.one(item);
            let sets = sink.sets;
            self.keep_source("each", added);
            self.with_items(sets, text.as_deref(), &mut steps);
        }
        self
    }

    /// Adds steps whose arguments are the fields of a value.
    pub fn transform<T: Serialize, R: BuildResult>(
        &mut self,
        value: T,
        steps: impl FnMut(&mut Self) -> R,
    ) -> &mut Self {
        self.each([value], steps)
    }

    /// Adds steps for each element of a list argument, which they get as one more argument called `element`.
    pub fn each_in<R: BuildResult>(
        &mut self,
        list: &str,
        element: &str,
        mut steps: impl FnMut(&mut Self) -> R,
    ) -> &mut Self {
        let text = self.next.take();
        if self.draft.failed() {
            return self;
        }
        match self.draft.tables.arguments.add_elements(self.draft.arguments, list, element) {
            Some(Ok(sets)) => {
                self.with_items(sets.into_iter().map(|set| (set, None)), text.as_deref(), &mut steps);
            }
            Some(Err(error)) => self.keep_source(list, Err(SourceError::Argument(error))),
            None => {
                let arguments = self.draft.tables.arguments.get(self.draft.arguments);
                let found = arguments.text(list).map_or("missing", kind_of_json).to_owned();
                let process = self.draft.process_name();
                let (element, list) = (element.to_owned(), list.to_owned());
                self.draft.fail(BuildError::NotAList { process, element, list, found });
            }
        }
        self
    }

    /// Adds steps for each item of the definition's `#[each]` source of this name.
    pub fn each_source<R: BuildResult>(
        &mut self,
        name: &str,
        steps: impl FnMut(&mut Self) -> R,
    ) -> &mut Self {
        self.named_source(SourceKind::Each, name, steps)
    }

    /// Adds steps with the arguments that the definition's `#[transform]` source of this name returns.
    pub fn transform_source<R: BuildResult>(
        &mut self,
        name: &str,
        steps: impl FnMut(&mut Self) -> R,
    ) -> &mut Self {
        self.named_source(SourceKind::Transform, name, steps)
    }

    fn named_source<R: BuildResult>(
        &mut self,
        kind: SourceKind,
        name: &str,
        mut steps: impl FnMut(&mut Self) -> R,
    ) -> &mut Self {
        let text = self.next.take();
        let sources = self.bound.definition.sources();
        match sources.iter().find(|source| source.kind == kind && source.name == name) {
            Some(source) => self.run_source(source, text.as_deref(), &mut steps),
            None => {
                let names = sources.iter().filter(|source| source.kind == kind).map(|source| source.name);
                let (process, hint) = (self.draft.process_name(), hint(name, names));
                let (kind, source_name) = (kind.attribute(), name.to_owned());
                self.draft.fail(BuildError::UnknownSource { process, kind, source_name, hint });
            }
        }
        self
    }

    fn run_source<R: BuildResult>(
        &mut self,
        source: &Source<D>,
        text: Option<&str>,
        steps: &mut impl FnMut(&mut Self) -> R,
    ) {
        if self.draft.failed() || !self.draft.check_parameters(source.name, source.parameters) {
            return;
        }
        let over = if source.extends { self.draft.arguments } else { EMPTY_SET };
        let own = self.draft.tables.arguments.alone(self.draft.arguments);
        let mut sink = ItemSink { table: &mut self.draft.tables.arguments, over, sets: Vec::new() };
        let result = (source.run)(&self.bound.definition, &own.get(own.last()), &mut sink);
        let sets = sink.sets;
        self.keep_source(source.name, result);
        self.with_items(sets, text.or(source.description), steps);
    }

    /// Adds the steps once for each set of arguments.
    fn with_items<R: BuildResult>(
        &mut self,
        sets: impl IntoIterator<Item = (u32, Option<String>)>,
        text: Option<&str>,
        steps: &mut impl FnMut(&mut Self) -> R,
    ) {
        let surroundings = self.draft.surroundings();
        let inherited = self.draft.text_or_inherited(text);
        for (set, description) in sets {
            if self.draft.failed() {
                break;
            }
            self.draft.arguments = set;
            self.draft.description = inherited;
            self.draft.description = self.draft.text_or_inherited(description.as_deref());
            let result = steps(self).into_result();
            self.keep(result);
        }
        self.draft.put_back(surroundings);
    }

    /// Embeds another process: its graph, with its own hooks, its own execution mode, and the arguments and options
    /// of this place.
    pub fn sub_process<Other: ProcessDefinition>(&mut self) -> &mut Self {
        if let Some(definition) = self.draft.resolve::<Other>() {
            self.sub_process_of(&definition);
        }
        self
    }

    /// Embeds another process by its definition, such as one that a [`Registry`](crate::Registry) has found by name.
    pub fn sub_process_of(&mut self, definition: &Definition) -> &mut Self {
        let text = self.next.take();
        let draft = std::mem::take(&mut self.draft);
        self.draft = draft.process(definition, text.as_deref());
        self
    }

    /// The value of an option, or nothing where it was not given. A given `null` is a value.
    pub fn option(&self, name: &str) -> Option<&Value> {
        self.draft.options.get(name)
    }

    /// Whether an option is set: its value, or this default where it was not given, is none of `null`, `false`, `0`,
    /// `""`, `[]` and `{}`.
    pub fn option_or(&self, name: &str, default: impl Into<Value>) -> bool {
        self.option(name).map_or_else(|| is_true(&default.into()), is_true)
    }

    /// The arguments at this place.
    pub fn arguments(&self) -> Arguments {
        self.arguments_ref().to_arguments()
    }

    fn arguments_ref(&self) -> ArgumentsRef<'_> {
        self.draft.tables.arguments.get(self.draft.arguments)
    }

    /// One argument at this place, as a `T`.
    pub fn argument<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, BuildError> {
        let process = self.draft.process_name();
        self.arguments_ref().get(name).map_err(|error| BuildError::Argument {
            step: process.clone(),
            process,
            error: Box::new(error),
        })
    }

    /// The description that steps without one of their own get at this place.
    pub fn description(&self) -> Option<&str> {
        Some(self.draft.tables.text(self.draft.description)).filter(|text| !text.is_empty())
    }

    /// The definition whose graph is being drawn.
    pub fn process(&self) -> &D {
        &self.bound.definition
    }

    /// Checks that these arguments are there, with these types, in this order; stops at the first that is not.
    /// Other arguments may be there, too.
    pub fn expected_arguments(&mut self, expected: &[Expected]) -> &mut Self {
        if self.draft.failed() {
            return self;
        }
        let arguments = self.draft.tables.arguments.get(self.draft.arguments);
        if let Err(error) = expected.iter().try_for_each(|expected| expected.check(&arguments)) {
            let process = self.draft.process_name();
            self.draft.fail(BuildError::Argument { step: process.clone(), process, error: Box::new(error) });
        }
        self
    }

    /// Whether an error has been kept, so that everything more is in vain.
    pub fn has_failed(&self) -> bool {
        self.draft.failed()
    }

    fn keep(&mut self, result: Result<(), BuildError>) {
        if let Err(error) = result {
            self.draft.fail(error);
        }
    }

    fn keep_source(&mut self, name: &str, result: Result<(), SourceError>) {
        if let Err(error) = result {
            let process = self.draft.process_name();
            self.draft.fail(BuildError::Source {
                process,
                source_name: name.to_owned(),
                error: Box::new(error),
            });
        }
    }
}

/// What generated code calls: by number, with the description at hand.
#[doc(hidden)]
impl<D: ProcessDefinition> Builder<D> {
    fn described(&mut self, text: Option<&'static str>) -> &mut Self {
        self.next = text.map(str::to_owned);
        self
    }

    /// The description of the outermost block.
    pub fn outline(&mut self, text: &'static str) {
        self.draft.description = self.draft.text_or_inherited(Some(text));
    }

    /// Adds the task with this number.
    pub fn task_at(&mut self, index: usize, text: Option<&'static str>) {
        self.add_task(index, text);
    }

    /// Adds a sequential block.
    pub fn sequential_with(&mut self, text: Option<&'static str>, steps: impl FnOnce(&mut Self)) {
        self.described(text).sequential(steps);
    }

    /// Adds a concurrent block.
    pub fn concurrent_with(&mut self, text: Option<&'static str>, steps: impl FnOnce(&mut Self)) {
        self.described(text).concurrent(steps);
    }

    /// Adds steps for the items of the source with this number.
    pub fn source_at(&mut self, index: usize, text: Option<&'static str>, mut steps: impl FnMut(&mut Self)) {
        if let Some(source) = self.bound.definition.sources().get(index) {
            self.run_source(source, text, &mut steps);
        }
    }

    /// Adds steps for each element of a list argument.
    pub fn each_element(
        &mut self,
        list: &str,
        element: &str,
        text: Option<&'static str>,
        steps: impl FnMut(&mut Self),
    ) {
        self.described(text).each_in(list, element, steps);
    }

    /// Embeds another process.
    pub fn sub_process_with<Other: ProcessDefinition>(&mut self, text: Option<&'static str>) {
        self.described(text).sub_process::<Other>();
    }
}

impl<D: ProcessDefinition> fmt::Debug for Builder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("process", &self.bound.definition.name())
            .field("arguments", &self.arguments())
            .field("description", &self.description())
            .field("steps", &self.draft.tables.records.len())
            .finish_non_exhaustive()
    }
}
