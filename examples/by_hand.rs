//! A process definition by hand: no attribute, and a graph that is read from data.
//!
//! `#[process]` writes tables like these. Write them yourself where the graph is known only when the program runs:
//!
//! ```sh
//! cargo run -p tasktronaut-examples --example by_hand -- "fetch [ compile document ] package"
//! ```

use tasktronaut::prelude::*;
use tasktronaut::{ArgumentError, ArgumentSet, ArgumentsRef, Call, Encoder, Parameter, TaskResult};
use tasktronaut::{ProcessDefinition, Task};

/// How something is built. Steps in `( )` follow each other, steps in `[ ]` may run at the same time.
const PLAN: &str = "fetch [ ( configure compile ) document ] [ test lint ] package";

/// Builds something, as its plan says.
struct Build;

impl ProcessDefinition for Build {
    type Arguments = Arguments;

    fn name(&self) -> &'static str {
        "build"
    }

    fn tasks(&self) -> &'static [Task<Self>] {
        const TASKS: &[Task<Build>] = &[Task::plain("perform", perform).arguments::<Perform>()];
        TASKS
    }

    fn instance() -> Option<Self> {
        Some(Self)
    }

    /// Each word of the plan is a step, with an argument of its own. A bracket too many is an error of the build.
    fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
        let plan: String = builder.argument("plan")?;
        for word in plan.split_whitespace() {
            match word {
                "(" => builder.begin(ExecutionMode::Sequential),
                "[" => builder.begin(ExecutionMode::Concurrent),
                ")" | "]" => builder.end(),
                step => builder.describe(step).transform(arguments! { step }, |builder| {
                    builder.task("perform");
                }),
            };
        }
        Ok(())
    }
}

/// The only task: a function of a call, which knows the arguments at its place in the graph.
fn perform(call: &Call<Build>) -> TaskResult {
    let Perform { step } = call.decode()?;
    println!("{step}");
    Ok(())
}

/// What the task takes. With this table the arguments are checked before anything runs.
struct Perform {
    step: String,
}

impl ArgumentSet for Perform {
    const PARAMETERS: &'static [Parameter] = &[Parameter::of::<String>("step", "String")];

    fn decode(arguments: &ArgumentsRef<'_>) -> Result<Self, ArgumentError> {
        Ok(Self { step: arguments.get("step")? })
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        encoder.put("step", &self.step);
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let plan = std::env::args().nth(1).unwrap_or_else(|| PLAN.to_owned());
    let process = ProcessBuilder::<Build>::new(arguments! { plan }).identifier("build-1").build()?;
    println!("{process}");
    process.run().await?;
    Ok(())
}
