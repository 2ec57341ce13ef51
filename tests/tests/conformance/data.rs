//! The form of a case file, as its own README describes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

/// Where the case file is: `TASKTRONAUT_CONFORMANCE`, or the public cases beside the project. Relative paths begin
/// at the project's root.
fn case_file() -> PathBuf {
    let given = std::env::var_os("TASKTRONAUT_CONFORMANCE");
    let path = given.map_or_else(|| PathBuf::from("../shared/conformance/cases.json"), PathBuf::from);
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).join("..").join(path)
}

/// Reads the case file; a missing one is a failure, for a run without cases proves nothing.
pub fn load() -> CaseFile {
    let path = case_file();
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("no case file at {}: {error}; name one in TASKTRONAUT_CONFORMANCE", path.display())
    });
    let file: CaseFile = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{} is no case file: {error}", path.display()));
    assert_eq!(file.format, "tasktronaut-conformance/1", "{} is in another format", path.display());
    file
}

#[derive(Deserialize)]
pub struct CaseFile {
    format: String,
    pub cases: Vec<Case>,
    pub argument_matrix: Vec<MatrixRow>,
}

#[derive(Clone, Deserialize)]
pub struct Case {
    pub id: String,
    pub title: String,
    pub tags: Vec<String>,
    pub process: DefinitionData,
    pub build: Build,
    pub observed: Observed,
    pub intended: Intended,
    #[serde(default)]
    pub description_differs: Vec<usize>,
}

#[derive(Clone, Deserialize)]
pub struct Build {
    pub identifier: Option<String>,
    pub options: Option<Map<String, Value>>,
    pub kwargs: Map<String, Value>,
}

#[derive(Clone, Deserialize)]
pub struct DefinitionData {
    pub definition: String,
    pub mode: Mode,
    pub steps: Vec<StepData>,
    pub description: Option<String>,
    #[serde(default)]
    pub tasks: BTreeMap<String, TaskData>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Sequential,
    Concurrent,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskData {
    #[serde(default)]
    pub context: bool,
    pub decorator: Option<Decorator>,
}

#[derive(Clone, Deserialize)]
pub struct Decorator {
    pub description: Option<String>,
}

/// One step. Which one is told by the one main key it has.
#[derive(Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum StepData {
    Task { task: String, description: Option<String> },
    Sequential { seq: Vec<StepData>, description: Option<String> },
    Concurrent { par: Vec<StepData>, description: Option<String> },
    Each { each: Each, description: Option<String> },
    Transform { transform: Transform, steps: Vec<StepData>, description: Option<String> },
    Sub { sub: Box<DefinitionData>, description: Option<String> },
    IfOption { if_option: IfOption },
    Expect { expect: Vec<(String, Option<String>)> },
    Probe { probe: String, options: Vec<(String, Value)> },
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    pub steps: Vec<StepData>,
    #[serde(default)]
    pub merge: bool,
    pub describe: Option<String>,
    pub source: Option<Vec<ItemData>>,
    pub range: Option<ArgumentAs>,
    pub over: Option<ArgumentAs>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemData {
    pub kwargs: Map<String, Value>,
    pub description: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgumentAs {
    pub arg: String,
    #[serde(rename = "as")]
    pub name: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    #[serde(default)]
    pub kwargs: Map<String, Value>,
    #[serde(default)]
    pub merge: bool,
    pub description: Option<String>,
    #[serde(default)]
    pub compute: BTreeMap<String, Compute>,
}

#[derive(Clone, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Compute {
    Mul { arg: String, by: i64 },
    Copy { arg: String },
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IfOption {
    pub name: String,
    pub default: Value,
    pub steps: Vec<StepData>,
    #[serde(default, rename = "else")]
    pub otherwise: Vec<StepData>,
}

/// What the original did.
#[derive(Clone, Deserialize)]
pub struct Observed {
    pub outcome: OutcomeData,
    pub identifier: Option<String>,
    pub probes: Vec<Probe>,
    pub tree: Option<Tree>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeData {
    Ok,
    MissingArgument,
    WrongType,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Probe {
    pub label: String,
    pub kwargs: Map<String, Value>,
    pub description: Option<String>,
    /// Name, default, value.
    pub options: Vec<(String, Value, Value)>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Tree {
    pub kind: Mode,
    pub definition: String,
    pub steps: Vec<TreeStep>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(untagged)]
pub enum TreeStep {
    Task { task: String, description: Option<String>, kwargs: Map<String, Value> },
    Block(Tree),
}

/// What the documentation means.
#[derive(Clone, Deserialize)]
pub struct Intended {
    pub outcome: OutcomeData,
    pub outcome_strict: OutcomeData,
    pub argument_strict: Option<String>,
    #[serde(default)]
    pub leaves: Vec<Leaf>,
    #[serde(default)]
    pub processes: Vec<ProcessData>,
    #[serde(default)]
    pub task_order: Vec<(usize, usize)>,
    #[serde(default)]
    pub order: Vec<(String, String)>,
}

#[derive(Clone, Deserialize)]
pub struct Leaf {
    #[serde(rename = "leaf")]
    pub number: usize,
    pub function: String,
    pub definition: String,
    pub process: usize,
    pub description: Option<String>,
    pub description_doc: Option<String>,
    pub kwargs: Map<String, Value>,
}

#[derive(Clone, Deserialize)]
pub struct ProcessData {
    pub id: usize,
    pub definition: String,
    pub parent: Option<usize>,
}

#[derive(Clone, Deserialize)]
pub struct MatrixRow {
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    pub value: Value,
    pub strict: OutcomeData,
}
