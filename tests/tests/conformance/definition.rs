//! A process definition whose graph is data: one type, an instance for each definition of a case.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use serde_json::{Map, Value};
use tasktronaut::{
    Arguments, BuildError, Builder, Call, Definition, Described, ExecutionMode, Expected, HookFuture, Hooks,
    ProcessDefinition, Task, TaskFuture, TaskResult,
};

use crate::data::{DefinitionData, Each, Mode, Probe, StepData, TaskData, Transform};
use crate::python;
use crate::recorder::{Recorder, Went};
use crate::types;

type Steps = Result<(), BuildError>;

/// One place where a definition stands: the process itself, or a sub-process.
pub struct CaseDefinition {
    data: DefinitionData,
    name: &'static str,
    description: Option<&'static str>,
    tasks: &'static [Task<Self>],
    /// The number of the process, as the case file counts them: in the order in which they are drawn.
    process: usize,
    shared: Arc<Shared>,
}

/// What all definitions of a case have in common.
#[derive(Default)]
pub struct Shared {
    processes: AtomicUsize,
    pub recorder: Recorder,
}

impl CaseDefinition {
    /// The next process of a case. Names live for ever, as a program's own do.
    pub fn next(data: &DefinitionData, shared: &Arc<Shared>) -> Self {
        Self {
            data: data.clone(),
            name: leak(&data.definition),
            description: data.description.as_deref().map(leak),
            tasks: Box::leak(task_table(data).into_boxed_slice()),
            process: shared.processes.fetch_add(1, Ordering::SeqCst),
            shared: Arc::clone(shared),
        }
    }

    fn steps(&self, builder: &mut Builder<Self>, steps: &[StepData]) -> Steps {
        for step in steps {
            if builder.has_failed() {
                break;
            }
            self.step(builder, step)?;
        }
        Ok(())
    }

    fn step(&self, builder: &mut Builder<Self>, step: &StepData) -> Steps {
        match step {
            StepData::Task { task, description } => {
                described(builder, description.as_ref()).task(task);
            }
            StepData::Sequential { seq, description } => {
                described(builder, description.as_ref()).sequential(|builder| self.steps(builder, seq));
            }
            StepData::Concurrent { par, description } => {
                described(builder, description.as_ref()).concurrent(|builder| self.steps(builder, par));
            }
            StepData::Each { each, description } => {
                let items = items(builder, each)?;
                described(builder, description.as_ref())
                    .each(items, |builder| self.steps(builder, &each.steps));
            }
            StepData::Transform { transform, steps, description } => {
                let item = transformed(builder, transform)?;
                described(builder, description.as_ref())
                    .transform(item, |builder| self.steps(builder, steps));
            }
            StepData::Sub { sub, description } => {
                let definition = Definition::new(Self::next(sub, &self.shared));
                described(builder, description.as_ref()).sub_process_of(&definition);
            }
            StepData::IfOption { if_option } => {
                let yes = builder.option_or(&if_option.name, if_option.default.clone());
                self.steps(builder, if yes { &if_option.steps } else { &if_option.otherwise })?;
            }
            StepData::Expect { expect } => {
                let expected: Vec<Expected> =
                    expect.iter().map(|(name, kind)| expected(name, kind.as_deref())).collect();
                builder.expected_arguments(&expected);
            }
            StepData::Probe { probe, options } => self.shared.recorder.probe(look(builder, probe, options)),
        }
        Ok(())
    }
}

impl ProcessDefinition for CaseDefinition {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> Option<&'static str> {
        self.description
    }

    fn execution_mode(&self) -> ExecutionMode {
        match self.data.mode {
            Mode::Sequential => ExecutionMode::Sequential,
            Mode::Concurrent => ExecutionMode::Concurrent,
        }
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        self.tasks
    }

    fn hooks(&self) -> Hooks<Self> {
        Hooks::new().on_started(on_started).on_completed(on_completed)
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Steps {
        self.steps(builder, &self.data.steps)
    }
}

/// All tasks that a definition names. Those that take a context are async functions, so that both kinds run.
fn task_table(data: &DefinitionData) -> Vec<Task<CaseDefinition>> {
    let mut names: BTreeSet<&str> = data.tasks.keys().map(String::as_str).collect();
    task_names(&data.steps, &mut names);
    let entry = |name: &str| {
        let known = data.tasks.get(name).cloned().unwrap_or_default();
        let TaskData { context, decorator } = known;
        let task = if context {
            Task::asynchronous(leak(name), run_async).with_context()
        } else {
            Task::plain(leak(name), run_plain)
        };
        match decorator.and_then(|decorator| decorator.description) {
            Some(text) => task.description(leak(&text)),
            None => task,
        }
    };
    names.into_iter().map(entry).collect()
}

fn task_names<'a>(steps: &'a [StepData], names: &mut BTreeSet<&'a str>) {
    for step in steps {
        match step {
            StepData::Task { task, .. } => {
                names.insert(task);
            }
            StepData::Sequential { seq: steps, .. }
            | StepData::Concurrent { par: steps, .. }
            | StepData::Transform { steps, .. } => task_names(steps, names),
            StepData::Each { each, .. } => task_names(&each.steps, names),
            StepData::IfOption { if_option } => {
                task_names(&if_option.steps, names);
                task_names(&if_option.otherwise, names);
            }
            StepData::Sub { .. } | StepData::Expect { .. } | StepData::Probe { .. } => {}
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a task")]
fn run_plain(call: &Call<CaseDefinition>) -> TaskResult {
    let recorder = &call.definition().shared.recorder;
    recorder.begin(Went::of(call));
    recorder.end(Went::place_of(call));
    Ok(())
}

fn run_async(call: Call<CaseDefinition>) -> TaskFuture {
    Box::pin(async move {
        let recorder = &call.definition().shared.recorder;
        recorder.begin(Went::of(&call));
        tokio::task::yield_now().await;
        recorder.end(Went::place_of(&call));
        Ok(())
    })
}

fn on_started<'a>(definition: &'a CaseDefinition, identifier: &'a str) -> HookFuture<'a> {
    Box::pin(async move {
        definition.shared.recorder.hook('S', definition.process, identifier);
        Ok(())
    })
}

fn on_completed<'a>(definition: &'a CaseDefinition, identifier: &'a str) -> HookFuture<'a> {
    Box::pin(async move {
        definition.shared.recorder.hook('C', definition.process, identifier);
        Ok(())
    })
}

fn described<'b>(
    builder: &'b mut Builder<CaseDefinition>,
    description: Option<&String>,
) -> &'b mut Builder<CaseDefinition> {
    match description {
        Some(text) => builder.describe(text),
        None => builder,
    }
}

/// What the function of an `each` or a `transform` gives back.
#[derive(Serialize)]
#[serde(untagged)]
enum Item {
    Plain(Arguments),
    Described(Described<Arguments>),
}

impl Item {
    fn new(
        builder: &Builder<CaseDefinition>,
        merge: bool,
        fields: &Map<String, Value>,
        description: Option<&String>,
    ) -> Result<Self, BuildError> {
        let own = arguments(fields)?;
        let all = if merge { builder.arguments().merged(&own) } else { own };
        Ok(match description {
            Some(text) => Self::Described(Described::new(all, text)),
            None => Self::Plain(all),
        })
    }
}

fn items(builder: &Builder<CaseDefinition>, each: &Each) -> Result<Vec<Item>, BuildError> {
    let yielded = |name: &str, value: &Value| -> Result<Item, BuildError> {
        let text =
            each.describe.as_ref().map(|text| text.replace(&format!("{{{name}}}"), &python::text(value)));
        let fields = Map::from_iter([(name.to_owned(), value.clone())]);
        Item::new(builder, each.merge, &fields, text.as_ref())
    };
    if let Some(range) = &each.range {
        let end: i64 = builder.argument(&range.arg)?;
        return (0..end).map(|number| yielded(&range.name, &number.into())).collect();
    }
    if let Some(over) = &each.over {
        let list: Value = builder.argument(&over.arg)?;
        return python::elements(&list).iter().map(|value| yielded(&over.name, value)).collect();
    }
    let source = each.source.as_deref().unwrap_or_default();
    source
        .iter()
        .map(|item| Item::new(builder, each.merge, &item.kwargs, item.description.as_ref()))
        .collect()
}

fn transformed(builder: &Builder<CaseDefinition>, transform: &Transform) -> Result<Item, BuildError> {
    let mut fields = transform.kwargs.clone();
    for (name, compute) in &transform.compute {
        let value = match compute {
            crate::data::Compute::Copy { arg } => builder.argument(arg)?,
            crate::data::Compute::Mul { arg, by } => python::times(&builder.argument(arg)?, *by),
        };
        fields.insert(name.clone(), value);
    }
    Item::new(builder, transform.merge, &fields, transform.description.as_ref())
}

fn expected(name: &str, kind: Option<&str>) -> Expected {
    match kind {
        None => Expected::present(name),
        Some(kind) => {
            let own = kind.to_owned();
            Expected::accepted_by(name, kind, move |value| types::accepts(&own, value))
        }
    }
}

fn look(builder: &Builder<CaseDefinition>, label: &str, options: &[(String, Value)]) -> Probe {
    let value = |(name, default): &(String, Value)| {
        let value = builder.option(name).unwrap_or(default).clone();
        (name.clone(), default.clone(), value)
    };
    Probe {
        label: label.to_owned(),
        kwargs: fields(&builder.arguments()),
        description: builder.description().map(str::to_owned),
        options: options.iter().map(value).collect(),
    }
}

/// JSON fields as arguments.
pub fn arguments(fields: &Map<String, Value>) -> Result<Arguments, BuildError> {
    let mut arguments = Arguments::new();
    for (name, value) in fields {
        arguments.set(name, value)?;
    }
    Ok(arguments)
}

/// Arguments as JSON fields.
pub fn fields(arguments: &Arguments) -> Map<String, Value> {
    arguments.names().map(|name| (name.to_owned(), arguments.value(name).unwrap_or_default())).collect()
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
