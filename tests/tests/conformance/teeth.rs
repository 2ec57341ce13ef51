//! Proofs that the comparison can fail: a small case that agrees, and damages to it that must be noticed.

use serde_json::{Value, json};

use crate::data::Case;

/// A case from its parts; what is left out is empty.
pub fn case(parts: &Value) -> Case {
    let mut whole = json!({
        "id": "own", "title": "", "tags": [],
        "observed": {"outcome": "ok", "probes": []},
        "intended": {"outcome": "ok", "outcome_strict": "ok"},
    });
    let (Some(all), Some(given)) = (whole.as_object_mut(), parts.as_object()) else {
        panic!("{parts} is no map")
    };
    all.extend(given.clone());
    serde_json::from_value(whole).unwrap()
}

/// `a; par { b; sub Q { c } }`.
fn small() -> Value {
    let leaf = |leaf: usize, function: &str, definition: &str, process: usize, description: Value| {
        json!({"leaf": leaf, "function": function, "definition": definition, "process": process,
               "description": description, "description_doc": description, "kwargs": {"n": 1}})
    };
    let task = |task: &str, description: Value| json!({"task": task, "description": description, "kwargs": {"n": 1}});
    json!({
        "process": {"definition": "P", "mode": "sequential", "steps": [
            {"expect": [["n", "int"]]},
            {"task": "a"},
            {"probe": "here", "options": [["o", 1]]},
            {"par": [
                {"task": "b"},
                {"sub": {"definition": "Q", "mode": "sequential", "steps": [{"task": "c"}], "tasks": {"c": {"context": true}}}},
            ], "description": "both"},
        ]},
        "build": {"identifier": "run-1", "options": null, "kwargs": {"n": 1}},
        "observed": {
            "outcome": "ok", "identifier": "run-1",
            "probes": [{"label": "here", "kwargs": {"n": 1}, "description": null, "options": [["o", 1, 1]]}],
            "tree": {"kind": "sequential", "definition": "P", "steps": [
                task("a", Value::Null),
                {"kind": "concurrent", "definition": "P", "steps": [
                    task("b", "both".into()),
                    {"kind": "sequential", "definition": "Q", "steps": [task("c", "both".into())]},
                ]},
            ]},
        },
        "intended": {
            "outcome": "ok", "outcome_strict": "ok",
            "leaves": [
                leaf(0, "a", "P", 0, Value::Null),
                leaf(1, "b", "P", 0, "both".into()),
                leaf(2, "c", "Q", 1, "both".into()),
            ],
            "processes": [
                {"id": 0, "definition": "P", "parent": null},
                {"id": 1, "definition": "Q", "parent": 0},
            ],
            "task_order": [[0, 1], [0, 2]],
            "order": [["S0", "T0"], ["T0", "T1"], ["T0", "S1"], ["S1", "T2"], ["T2", "C1"], ["C1", "C0"], ["T1", "C0"]],
        },
    })
}

#[tokio::test]
async fn a_case_that_agrees_has_no_differences() {
    assert_eq!(crate::differences(&case(&small())).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_kind_of_damage_is_noticed() {
    let damages: [(&str, Value, &str); 18] = [
        ("/observed/identifier", json!("run-2"), "the identifier"),
        ("/observed/identifier", json!("$generated"), "hexadecimal"),
        ("/observed/tree/kind", json!("concurrent"), "the tree"),
        ("/observed/tree/steps/0/task", json!("b"), "the tree"),
        ("/observed/tree/steps/1/definition", json!("Q"), "the tree"),
        ("/observed/tree/steps/0/kwargs/n", json!(1.0), "the tree"),
        ("/observed/probes/0/options/0/2", json!(2), "the probes"),
        ("/intended/leaves/1/description", json!("else"), "T1\n"),
        ("/intended/leaves/2/kwargs", json!({}), "T2\n"),
        ("/intended/leaves/0/function", json!("z"), "T0\n"),
        ("/intended/leaves/2/process", json!(0), "T2 belongs to process 1"),
        ("/intended/processes/1/parent", json!(null), "the processes"),
        (
            "/intended/processes",
            json!([{"id": 0, "definition": "P", "parent": null}]),
            "S1 ran, and should not",
        ),
        ("/intended/order", json!([["T1", "T0"]]), "T0 should wait for T1"),
        ("/intended/order", json!([["T1", "T2"]]), "T2 should wait for T1"),
        ("/intended/order", json!([["T1", "T9"]]), "no T9"),
        ("/intended/task_order", json!([[0, 1]]), "T2 waits for T0, though"),
        ("/intended/outcome_strict", json!("wrong_type"), "should be refused"),
    ];
    for (path, value, wanted) in damages {
        let mut parts = small();
        *parts.pointer_mut(path).unwrap() = value;
        let found = crate::differences(&case(&parts)).await;
        assert!(found.iter().any(|difference| difference.contains(wanted)), "{path}: {found:?}");
    }
}

#[tokio::test]
async fn a_refusal_must_name_the_right_argument() {
    let mut parts = small();
    parts["build"]["kwargs"]["n"] = json!("12");
    parts["observed"]["probes"] = json!([]);
    parts["intended"] = json!({"outcome": "ok", "outcome_strict": "wrong_type", "argument_strict": "n"});
    assert_eq!(crate::differences(&case(&parts)).await, Vec::<String>::new());
    parts["intended"]["argument_strict"] = json!("m");
    assert!(crate::differences(&case(&parts)).await[0].contains("the build says"));
}

/// Wrong orders at run time do not happen, so they are made up.
#[tokio::test]
async fn a_wrong_run_is_noticed() {
    use crate::recorder::Event;
    let case = case(&small());
    let shared = std::sync::Arc::new(crate::definition::Shared::default());
    let process = crate::build::build(&case, &shared).unwrap();
    crate::run::run(&process).await.unwrap();
    let events = shared.recorder.notes().events;
    let judge = |events: &[Event]| {
        let mut found = Vec::new();
        crate::run::compare_events(&case, &process, events, &mut found);
        found.join("; ")
    };
    assert_eq!(judge(&events), "");
    let reversed: Vec<Event> = events.iter().rev().cloned().collect();
    assert!(judge(&reversed).contains("T0 began before S0 had ended"));
    assert!(judge(&events[1..]).contains("S0 ran 0 times"));
    let twice: Vec<Event> = events.iter().chain(&events).cloned().collect();
    assert!(judge(&twice).contains("C1 ran 2 times"));
}
