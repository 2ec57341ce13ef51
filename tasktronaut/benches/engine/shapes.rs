//! The graphs that are measured.

use std::hint::black_box;

use serde::Serialize;
use tasktronaut::{
    ArgumentError, ArgumentSet, Arguments, ArgumentsRef, BuildError, Builder, Encoder, ExecutionMode,
    Parameter, Process, ProcessBuilder, ProcessDefinition, Task, arguments,
};

/// A graph.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// So many jobs one after the other.
    Chain(usize),
    /// One job, then so many at the same time, then one.
    Fan(usize),
    /// So many layers of so many jobs, each layer waiting for the whole layer before.
    Layers(usize, usize),
    /// So many times: a; par { b; c; d }; e.
    Small(usize),
}

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Self::Chain(_) => "chain",
            Self::Fan(_) => "fan out and in",
            Self::Layers(..) => "layers",
            Self::Small(_) => "small processes",
        }
    }

    pub fn jobs(self) -> usize {
        match self {
            Self::Chain(jobs) => jobs,
            Self::Fan(jobs) => jobs + 2,
            Self::Layers(layers, jobs) => layers * jobs,
            Self::Small(processes) => processes * 5,
        }
    }

    /// The process of this shape; [`Small`] is one of many.
    pub fn build(self) -> Process {
        let (kind, outer, inner) = match self {
            Self::Chain(jobs) => ("chain", 1, jobs),
            Self::Fan(jobs) => ("fan", 1, jobs),
            Self::Layers(layers, jobs) => ("layers", layers, jobs),
            Self::Small(_) => ("small", 1, 1),
        };
        ProcessBuilder::<Work>::new(arguments! { kind, outer, inner }).build().expect("a process")
    }
}

/// A definition whose graph is asked for by its arguments.
pub struct Work;

/// The arguments that every job decodes: a path and a number.
#[derive(Serialize)]
struct Item {
    path: String,
    size: u32,
}

impl Item {
    fn number(n: u64) -> Self {
        Self { path: format!("photos/2026/summer/{n:07}.jpg"), size: 640 }
    }
}

impl ArgumentSet for Item {
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::of::<String>("path", "String"), Parameter::of::<u32>("size", "u32")];

    fn decode(arguments: &ArgumentsRef<'_>) -> Result<Self, ArgumentError> {
        Ok(Self { path: arguments.get("path")?, size: arguments.get("size")? })
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put("path", &self.path);
        encoder.put("size", &self.size);
    }
}

const fn job<D: ProcessDefinition>(name: &'static str) -> Task<D> {
    Task::plain(name, |call| {
        let Item { path, size } = call.decode()?;
        black_box((path, size));
        Ok(())
    })
    .arguments::<Item>()
}

impl ProcessDefinition for Work {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "work"
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Work>] = &[job("job")];
        TASKS
    }

    fn instance() -> Option<Self> {
        Some(Self)
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        let kind: String = builder.argument("kind")?;
        let outer: u64 = builder.argument("outer")?;
        let inner: u64 = builder.argument("inner")?;
        let one = |builder: &mut Builder<Self>| {
            builder.each([Item::number(0)], |builder| {
                builder.task("job");
            });
        };
        let many = |builder: &mut Builder<Self>| {
            builder.each((0..inner).map(Item::number), |builder| {
                builder.task("job");
            });
        };
        match kind.as_str() {
            "chain" => many(builder),
            "fan" => {
                one(builder);
                builder.concurrent(many);
                one(builder);
            }
            _ => {
                for _ in 0..outer {
                    builder.begin(ExecutionMode::Concurrent);
                    many(builder);
                    builder.end();
                }
            }
        }
        Ok(())
    }
}

/// a; par { b; c; d }; e
pub struct Small;

impl ProcessDefinition for Small {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "small"
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Small>] = &[job("a"), job("b"), job("c"), job("d"), job("e")];
        TASKS
    }

    fn instance() -> Option<Self> {
        Some(Self)
    }

    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        builder.task("a");
        builder.concurrent(|builder| {
            builder.task("b").task("c").task("d");
        });
        builder.task("e");
        Ok(())
    }
}

/// The arguments of the `n`th small process.
pub fn small(n: usize) -> Arguments {
    let Item { path, size } = Item::number(n as u64);
    arguments! { path, size }
}
