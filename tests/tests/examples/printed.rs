//! The examples that only print something.

use crate::program::{Program, lines_of};

/// Lines of steps that run at the same time come in any order.
fn sorted(lines: &[String]) -> Vec<&str> {
    let mut sorted: Vec<&str> = lines.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted
}

/// Whether each of the first lines comes before each of the later ones.
fn all_before(lines: &[String], first: &[&str], later: &[&str]) -> bool {
    let at = |line: &&str| lines.iter().position(|other| other == line).unwrap();
    first.iter().map(at).max() < later.iter().map(at).min()
}

#[test]
fn greeting_greets_everyone_between_hello_and_goodbye() {
    let lines = lines_of("greeting", &["Ada", "Grace", "Edsger"]);
    assert_eq!(lines.first().unwrap(), "Hello!");
    assert_eq!(
        sorted(&lines[1..4]),
        ["Nice to meet you, Ada.", "Nice to meet you, Edsger.", "Nice to meet you, Grace."]
    );
    assert_eq!(lines[4..], ["Goodbye, all 3 of you!"]);
}

#[test]
fn greeting_greets_nobody_too() {
    assert_eq!(lines_of("greeting", &[]), ["Hello!", "Goodbye, all 0 of you!"]);
}

#[test]
fn by_hand_draws_the_graph_of_its_plan_and_follows_it() {
    let lines = lines_of("by_hand", &[]);
    let outline = "\
build [build-1] sequential
├─ perform: fetch
├─ concurrent
│  ├─ sequential
│  │  ├─ perform: configure
│  │  └─ perform: compile
│  └─ perform: document
├─ concurrent
│  ├─ perform: test
│  └─ perform: lint
└─ perform: package
";
    let length = outline.lines().count();
    assert_eq!(lines[..length].join("\n"), outline.trim_end());
    let performed = &lines[length + 1..];
    assert_eq!(sorted(performed), ["compile", "configure", "document", "fetch", "lint", "package", "test"]);
    assert!(all_before(performed, &["fetch"], &["configure", "document"]), "{performed:?}");
    assert!(all_before(performed, &["configure"], &["compile"]), "{performed:?}");
    assert!(all_before(performed, &["compile", "document"], &["test", "lint"]), "{performed:?}");
    assert!(all_before(performed, &["test", "lint"], &["package"]), "{performed:?}");
}

#[test]
fn by_hand_refuses_a_bracket_too_many() {
    for (plan, reason) in [
        ("fetch ( compile", "a block was opened and never closed"),
        ("fetch ] compile", "a block was closed that was not open"),
    ] {
        let ended = Program::start("by_hand", &[plan]).end();
        assert_eq!((ended.code, ended.lines.len()), (Some(1), 0), "{plan}");
        assert!(ended.errors.contains(reason), "{plan}: {}", ended.errors);
    }
}

#[test]
fn hooks_and_retries_tells_what_happened() {
    let lines = lines_of("hooks_and_retries", &[]);
    let without_times: Vec<String> = lines.iter().map(|line| without_time(line)).collect();
    let expected = "\
parcel-1 has started
  pack, attempt 1, took N ms
  deliver, attempt 1, took N ms
  deliver has failed: nobody opens
  deliver, attempt 2, took N ms
  deliver has failed: they ask to come back later
  deliver, attempt 3, took N ms
parcel-1 is delivered
= completed

parcel-2 has started
  pack, attempt 1, took N ms
  deliver, attempt 1, took N ms
  deliver has failed: there is no such house
parcel-2 has failed in deliver: there is no such house
= process `parcel-2` has failed in `deliver` of hooks_and_retries::Delivery: there is no such house: it is a field

parcel-3 has started
  pack, attempt 1, took N ms
  deliver, attempt 1, took N ms
  deliver has failed: they do not want it any more
parcel-3 was cancelled
= process `parcel-3` was cancelled: they do not want it any more
";
    assert_eq!(without_times.join("\n"), expected);
}

/// The line with its milliseconds replaced by `N`.
fn without_time(line: &str) -> String {
    let Some((before, milliseconds)) = line.rsplit_once(" took ") else { return line.to_owned() };
    let digits = milliseconds.strip_suffix(" ms").unwrap();
    assert!(digits.parse::<u32>().is_ok(), "{line}");
    format!("{before} took N ms")
}

#[test]
fn recording_queue_records_and_performs() {
    let text = r#"{"text":"the days get longer.","readers":["Ada","Grace"]"#;
    let silent = r#"{"text":"","readers":["Ada","Grace"]"#;
    let expected = format!(
        "\
0: start issue-1, after []
1: check {text}}}, after [0]
2: send {text},\"reader\":\"Ada\"}}, after [1]
3: send {text},\"reader\":\"Grace\"}}, after [1]
4: archive {text}}}, after [2, 3]
5: complete issue-1, after [4]
  issue-1 has started
  Dear Ada, the days get longer.
  Dear Grace, the days get longer.
  Archived: the days get longer.
  issue-1 is complete
0: start issue-2, after []
1: check {silent}}}, after [0]
2: send {silent},\"reader\":\"Ada\"}}, after [1]
3: send {silent},\"reader\":\"Grace\"}}, after [1]
4: archive {silent}}}, after [2, 3]
5: complete issue-2, after [4]
  issue-2 has started
  issue-2 was cancelled"
    );
    assert_eq!(lines_of("recording_queue", &[]).join("\n"), expected);
}
