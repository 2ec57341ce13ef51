//! The drawing of the house, kept true: floors use lower floors only, and nothing goes round in circles.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

#[path = "architecture/drawing.rs"]
mod drawing;
#[path = "architecture/scan.rs"]
mod scan;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use drawing::House;

/// Longer files have more than one purpose.
const MAX_LINES: usize = 600;

/// The only file that asks what time it is.
const CLOCK: &str = "words/clock.rs";

/// What asks for the date: a file has no clock of its own. Every other store has, and what lasts or waits is measured by
/// that (`R7`, `R10`): the clocks of programs differ.
const CALENDAR: &str = "backend/sqlite/clock.rs";

/// The modules that belong to each other by nature, with the reason. The list may become shorter, never longer.
const KNOTS: &[(&str, &[&str])] = &[
    (
        "a definition draws itself on a builder, which embeds definitions; a context names the definition, and a \
         definition's tasks and hooks take a context",
        &[
            "definition",
            "definition::build::builder",
            "definition::build::draft",
            "definition::call",
            "definition::context",
            "definition::erased",
            "definition::foreign",
            "definition::hooks",
            "definition::registry",
            "definition::tables",
            "definition::task",
        ],
    ),
    (
        "the threads, attempts and monitor of a worker share one state, which keeps the threads",
        &["engine::attempt", "engine::lane", "engine::monitor", "engine::shared", "engine::suspended"],
    ),
    (
        "what a test has its world do is done by the tasks of its lab, which are told of the lab they belong to",
        &["testing::stage::lab", "testing::stage::world"],
    ),
    (
        "a table of arguments gives out sets and values, which are written back into tables",
        &[
            "words::arguments::fields",
            "words::arguments::set",
            "words::arguments::table",
            "words::arguments::value",
        ],
    ),
];

/// The source of the library: each file's path below `src`, and its text.
fn library() -> Vec<(String, String)> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let root = Path::new(&package).join("../tasktronaut/src");
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                files.push((name, text));
            }
        }
    }
    files.sort();
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.filter_map(Result::ok).map(|entry| entry.path()).collect()
}

fn is_for_tests(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "testing" || part == "tests.rs")
}

fn too_long(files: &[(String, String)]) -> Vec<String> {
    let long = files.iter().filter(|(path, text)| !is_for_tests(path) && text.lines().count() > MAX_LINES);
    long.map(|(path, text)| format!("{path} has {} lines", text.lines().count())).collect()
}

fn looks_at_the_clock(files: &[(String, String)]) -> Vec<String> {
    let asks = |text: &str| {
        let tokens = scan::tokens(text);
        let mut used = scan::used_paths(&tokens).into_iter();
        used.any(|used| matches!(used.path.as_slice(), [.., of, now] if now == "now" && (of == "Instant" || of == "SystemTime")))
            || tokens.windows(3).any(|three| three == ["UNIX_EPOCH", ".", "elapsed"])
    };
    let others = files.iter().filter(|(path, text)| path != CLOCK && !is_for_tests(path) && asks(text));
    others.map(|(path, _)| format!("{path} asks what time it is; only {CLOCK} may")).collect()
}

fn asks_for_the_date(files: &[(String, String)]) -> Vec<String> {
    let asks = |text: &str| {
        let used = scan::used_paths(&scan::tokens(text));
        used.iter().any(|used| used.path.last().is_some_and(|name| name == "unix_milliseconds"))
    };
    let others = files.iter().filter(|(path, text)| {
        ![CLOCK, CALENDAR].contains(&path.as_str()) && !is_for_tests(path) && asks(text)
    });
    others.map(|(path, _)| format!("{path} asks for the date; only {CALENDAR} may")).collect()
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn the_whole_library_was_read() {
    let files = library();
    for floor in
        ["lib.rs", "words/mod.rs", "definition/mod.rs", "plan/mod.rs", "backend/mod.rs", "engine/mod.rs"]
    {
        assert!(files.iter().any(|(path, _)| path == floor), "{floor} was not found");
    }
    let house = House::new(&files);
    assert!(house.has_edge("plan::lower", "definition::process"), "known edges are not seen");
    assert!(
        house.has_edge("engine::handle", "plan::outcome"),
        "edges through what `mod.rs` passes on are not seen"
    );
}

#[test]
fn a_floor_uses_lower_floors_only() {
    assert_none("these uses go up", &House::new(&library()).upward());
}

#[test]
fn backends_do_not_know_each_other() {
    assert_none("these uses go across", &House::new(&library()).across_backends());
}

#[test]
fn no_circles_within_a_floor_but_the_known_ones() {
    let house = House::new(&library());
    let known: BTreeSet<Vec<String>> = KNOTS.iter().map(|(_, modules)| sorted(modules)).collect();
    let found = house.circles();
    let new: Vec<String> = found.difference(&known).map(|circle| house.uses_among(circle)).collect();
    assert_none("these modules use each other", &new);
    let gone: Vec<String> = known.difference(&found).map(|circle| circle.join(", ")).collect();
    assert_none("these are no circles any more; take them off the list", &gone);
}

fn sorted(modules: &[&str]) -> Vec<String> {
    BTreeSet::from_iter(modules).into_iter().map(|module| (*module).to_owned()).collect()
}

#[test]
fn files_are_short() {
    assert_none("too long", &too_long(&library()));
}

#[test]
fn one_file_asks_what_time_it_is() {
    assert_none("the clock", &looks_at_the_clock(&library()));
}

#[test]
fn stores_go_by_their_own_clocks() {
    assert_none("the date", &asks_for_the_date(&library()));
}

#[test]
fn the_file_rules_can_fail() {
    let file = |path: &str, text: &str| vec![(path.to_owned(), text.to_owned())];
    let long = "\n".repeat(MAX_LINES + 1);
    assert_eq!(too_long(&file("a.rs", &long)).len(), 1);
    assert_eq!(too_long(&file("a.rs", &long[1..])), Vec::<String>::new());
    assert_eq!(too_long(&file("a/tests.rs", &long)), Vec::<String>::new());
    for asks in [
        "fn f() { std::time::Instant::now(); }",
        "fn f() { let x = SystemTime::now(); }",
        "fn f() { SystemTime::UNIX_EPOCH.elapsed(); }",
    ] {
        assert_eq!(looks_at_the_clock(&file("a.rs", asks)).len(), 1, "{asks}");
        assert_eq!(looks_at_the_clock(&file(CLOCK, asks)), Vec::<String>::new());
    }
    for asks in ["use crate::words::clock::unix_milliseconds;", "fn f() { clock::unix_milliseconds(); }"] {
        assert_eq!(asks_for_the_date(&file("a.rs", asks)).len(), 1, "{asks}");
        assert_eq!(asks_for_the_date(&file(CALENDAR, asks)), Vec::<String>::new());
    }
    let innocent = "// Instant::now()\n#[cfg(test)] mod tests { fn f() { Instant::now(); } }\nfn g(c: Clock) { c.now() }";
    assert_eq!(looks_at_the_clock(&file("a.rs", innocent)), Vec::<String>::new());
}
