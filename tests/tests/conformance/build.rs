//! Building a case, and what is built.

use std::sync::Arc;

use tasktronaut::{ArgumentError, BuildError, Definition, ExecutionMode, Process, Registry, Step, StepKind};

use crate::data::{Case, Mode, OutcomeData, Tree, TreeStep};
use crate::decisions;
use crate::definition::{CaseDefinition, Shared, arguments, fields};

/// Builds the process of a case, as `Definition::build` does it for arguments that are only known as data.
pub fn build(case: &Case, shared: &Arc<Shared>) -> Result<Process, BuildError> {
    let definition = Definition::new(CaseDefinition::next(&case.process, shared));
    let options = case.build.options.clone().unwrap_or_default();
    let kwargs = arguments(&case.build.kwargs)?;
    definition.build(&kwargs, case.build.identifier.as_deref(), options, &Registry::new())
}

/// What the outcome of a build has to do with what it should be.
pub fn compare_outcome(case: &Case, built: &Result<Process, BuildError>, differences: &mut Vec<String>) {
    let wanted = decisions::outcome(case);
    match built {
        Ok(_) if wanted.0 == OutcomeData::Ok => {}
        Ok(_) => differences.push(format!("it was built, but should be refused: {wanted:?}")),
        Err(error) => {
            let found = error.argument().map(|error| match error {
                ArgumentError::Missing { argument } => {
                    (OutcomeData::MissingArgument, Some(argument.as_str()))
                }
                ArgumentError::WrongType { argument, .. } => {
                    (OutcomeData::WrongType, Some(argument.as_str()))
                }
                other => (OutcomeData::Ok, other.argument()),
            });
            if found != Some(wanted) {
                differences.push(format!("should be {wanted:?}, but the build says: {error}"));
            }
        }
    }
}

/// Compares the built tree.
pub fn compare_tree(case: &Case, process: &Process, differences: &mut Vec<String>) {
    if let Some(wanted) = decisions::tree(case) {
        let found = tree_of(process.root());
        if found != wanted {
            differences.push(format!("the tree\n      is        {found:?}\n      should be {wanted:?}"));
        }
    }
    let found = process.identifier();
    match case.observed.identifier.as_deref() {
        Some("$generated") => {
            let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            if found.len() != 32 || !found.bytes().all(digit) {
                differences.push(format!("the identifier `{found}` is not 32 lower-case hexadecimal digits"));
            }
        }
        Some(wanted) if wanted != found => {
            differences.push(format!("the identifier is `{found}` and should be `{wanted}`"));
        }
        _ => {}
    }
}

fn tree_of(root: Step<'_>) -> Tree {
    let kind = match root.execution_mode() {
        Some(ExecutionMode::Concurrent) => Mode::Concurrent,
        _ => Mode::Sequential,
    };
    let step = |step: Step<'_>| match step.kind() {
        StepKind::Task => TreeStep::Task {
            task: step.task().unwrap_or_default().to_owned(),
            description: step.description().map(str::to_owned),
            kwargs: fields(&step.arguments()),
        },
        StepKind::Block(_) | StepKind::Process(_) => TreeStep::Block(tree_of(step)),
    };
    Tree { kind, definition: root.definition().name().to_owned(), steps: root.steps().map(step).collect() }
}

/// Compares what the probes saw. Where we refuse what the original lets pass, ours end earlier.
pub fn compare_probes(case: &Case, shared: &Shared, differences: &mut Vec<String>) {
    let found = shared.recorder.notes().probes;
    let mut wanted = case.observed.probes.as_slice();
    if case.observed.outcome != decisions::outcome(case).0 {
        wanted = wanted.get(..found.len()).unwrap_or(wanted);
    }
    if found != wanted {
        differences.push(format!("the probes\n      saw        {found:?}\n      should see {wanted:?}"));
    }
}
