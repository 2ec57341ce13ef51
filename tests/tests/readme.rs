//! What the README shows is what there is.
#![allow(clippy::panic, clippy::unwrap_used)] // the helpers of a test may panic as the test itself may

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The first block of this kind in the README.
fn block(kind: &str) -> String {
    let readme = read("README.md");
    let start =
        readme.find(&format!("```{kind}\n")).unwrap_or_else(|| panic!("no {kind} block")) + kind.len() + 4;
    readme[start..].split("\n```").next().unwrap_or_default().to_owned()
}

#[test]
fn the_program_is_the_example() {
    assert_eq!(block("rust"), read("examples/greeting.rs").trim_end());
}

#[test]
fn the_error_is_what_the_compiler_says() {
    assert_eq!(
        block("text"),
        read("tests/language/ui/fail/missing_argument/element_of_a_list.stderr").trim_end()
    );
}

#[test]
fn the_program_prints_what_is_shown() {
    let console = block("console");
    let (command, shown) = console.split_once('\n').unwrap();
    let words: Vec<&str> = command.trim_start_matches("$ cargo ").split(' ').collect();
    let output = Command::new(env!("CARGO")).args(words).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), shown);
}
