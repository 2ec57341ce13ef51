//! The processes that were recorded from the Python original: each is built, planned and really run, and must do what
//! the documentation of the original promises.
//!
//! `TASKTRONAUT_CONFORMANCE` names the case file; without it, the public cases beside the project are taken, and where
//! they are not, the tests are shown as ignored. Its form is described in the README beside it.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic, clippy::unwrap_used)]

#[path = "conformance/build.rs"]
mod build;
#[path = "conformance/data.rs"]
mod data;
#[path = "conformance/decisions.rs"]
mod decisions;
#[path = "conformance/definition.rs"]
mod definition;
#[path = "conformance/order.rs"]
mod order;
#[path = "conformance/python.rs"]
mod python;
#[path = "conformance/recorder.rs"]
mod recorder;
#[path = "conformance/run.rs"]
mod run;
#[path = "conformance/teeth.rs"]
mod teeth;
#[path = "conformance/types.rs"]
mod types;

use std::sync::Arc;

use data::{Case, MatrixRow, OutcomeData};
use decisions::{DECISIONS, OVERRULED_PUBLIC};
use definition::Shared;
use tasktronaut::{ArgumentError, BuildError, Process};

/// All that is wrong with our answer to a case.
async fn differences(case: &Case) -> Vec<String> {
    let mut differences = Vec::new();
    let shared = Arc::new(Shared::default());
    let built = build::build(case, &shared);
    build::compare_outcome(case, &built, &mut differences);
    build::compare_probes(case, &shared, &mut differences);
    let Ok(process) = built else { return differences };
    build::compare_tree(case, &process, &mut differences);
    order::compare_plan(case, &process, &mut differences);
    match run::run(&process).await {
        Ok(()) => run::compare_events(case, &process, &shared.recorder.notes().events, &mut differences),
        Err(error) => differences.push(format!("it did not complete: {error}")),
    }
    differences
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(no_cases, ignore = "the cases of the original are missing")]
async fn every_case_is_built_planned_and_run_as_documented() {
    let cases = data::load().cases;
    assert!(!cases.is_empty(), "the case file has no cases");
    let (mut report, mut count) = (Vec::new(), 0);
    for case in &cases {
        for decision in DECISIONS.iter().filter(|decision| (decision.overrules)(case)) {
            println!("{} is overruled ({}): {}", case.id, decision.name, decision.reason);
        }
        let found = differences(case).await;
        if !found.is_empty() {
            count += found.len();
            let list = found.join("\n    ");
            report.push(format!("{} {} {:?}\n    {list}", case.id, case.title, case.tags));
        }
    }
    let (failing, all) = (report.len(), cases.len());
    let list = report.join("\n");
    assert_eq!(failing, 0, "{count} differences in {failing} of {all} cases:\n{list}");
    println!("{} cases agree", cases.len());
}

#[test]
#[cfg_attr(no_cases, ignore = "the cases of the original are missing")]
fn argument_types_are_checked_strictly() {
    let rows = data::load().argument_matrix;
    let wrong = |row: &MatrixRow| {
        let found = match matrix_process(row).as_ref().map_err(BuildError::argument) {
            Ok(_) => OutcomeData::Ok,
            Err(Some(ArgumentError::WrongType { argument, .. })) if argument == "v" => OutcomeData::WrongType,
            Err(error) => panic!("{:?} with {}: {error:?}", row.type_name, row.value),
        };
        (found != row.strict)
            .then(|| format!("{:?} with {}: {found:?}, not {:?}", row.type_name, row.value, row.strict))
    };
    let report: Vec<String> = rows.iter().filter_map(wrong).collect();
    assert!(report.is_empty(), "{} of {} rows:\n{}", report.len(), rows.len(), report.join("\n"));
    println!("{} rows agree", rows.len());
}

/// One row as a process: `expected_arguments(v=type)` on an argument `v`.
fn matrix_process(row: &MatrixRow) -> Result<Process, BuildError> {
    let case: Case = teeth::case(&serde_json::json!({
        "process": {"definition": "P", "mode": "sequential", "steps": [{"expect": [["v", row.type_name]]}]},
        "build": {"identifier": null, "options": null, "kwargs": {"v": row.value}},
    }));
    build::build(&case, &Arc::new(Shared::default()))
}

/// The list of overruled cases is the list that the rules give, no more and no less.
#[test]
#[cfg_attr(no_cases, ignore = "the cases of the original are missing")]
fn the_overruled_cases_are_the_listed_ones() {
    let cases = data::load().cases;
    for case in cases.iter().filter(|case| case.id.starts_with("pub-")) {
        for decision in DECISIONS {
            let listed = OVERRULED_PUBLIC.contains(&(case.id.as_str(), decision.name));
            assert_eq!(listed, (decision.overrules)(case), "{} and `{}`", case.id, decision.name);
        }
    }
}
