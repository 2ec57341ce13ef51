//! A disk that is really full under an SQLite file: what was acknowledged is kept, what is refused is wholly refused, and
//! clients and workers go on as soon as there is room.
//!
//! Ignored where no file system can be mounted, as in most containers.
#![cfg(target_os = "linux")]
// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

#[path = "full_disk/room.rs"]
mod room;

use std::time::Duration;

use room::Room;
use rustix::process::Signal;
use tasktronaut_tests::program::Program;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many processes are enqueued; those that are enqueued at a time are four.
const PROCESSES: usize = 60;

/// What `ledger look` says of a process.
struct Seen {
    identifier: String,
    is_whole: bool,
    has_completed: bool,
    succeeded: usize,
}

fn look(room: &Room) -> Vec<Seen> {
    let mut look = Program::start(room.ledger(&["look", &room.url()]), PATIENCE);
    assert!(look.end().success(), "a full disk can be read");
    let seen = |line: &String| {
        let words: Vec<&str> = line.split(' ').collect();
        let [identifier, is_whole, has_completed, succeeded] = words.as_slice() else { panic!("{line}") };
        Seen {
            identifier: (*identifier).to_owned(),
            is_whole: *is_whole == "true",
            has_completed: *has_completed == "true",
            succeeded: succeeded.parse().unwrap_or_else(|_| panic!("{line}")),
        }
    };
    look.said().iter().map(seen).collect()
}

fn second_words(lines: &[String], first: &str) -> Vec<String> {
    let words = lines.iter().filter_map(|line| line.strip_prefix(first)?.trim_start().split(' ').next());
    words.map(str::to_owned).collect()
}

#[test]
#[cfg_attr(no_mount, ignore = "no file system can be mounted here")]
fn a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room() {
    let room = Room::new();
    let url = room.url();
    let mut worker = Program::start(room.ledger(&["work", &url]), PATIENCE);
    worker.until("works");
    let count = PROCESSES.to_string();
    let mut client = Program::start(room.ledger(&["enqueue", &url, "p", &count, "60000"]), PATIENCE);

    // It says what is wrong and what to do; so does the worker, which lives.
    let refused = client.until("refused");
    assert!(
        refused.contains("the disk is full") && refused.contains("as soon as there is room"),
        "{refused}"
    );
    let failed = worker.until("failed");
    assert!(failed.contains("the disk is full"), "{failed}");

    // What was acknowledged is there, and nothing of what was refused.
    let recorded = second_words(worker.said(), "recorded");
    let seen = look(&room);
    let enqueued = second_words(client.said(), "enqueued");
    assert!(enqueued.len() > 4 && enqueued.len() < PROCESSES, "{} processes fill the disk", enqueued.len());
    assert_eq!(seen.len(), enqueued.len(), "no half enqueue");
    for process in &seen {
        assert!(enqueued.contains(&process.identifier) && process.is_whole, "{}", process.identifier);
        let jobs = recorded.iter().filter(|identifier| **identifier == process.identifier).count();
        assert!(process.succeeded >= jobs, "{}: {} of {jobs}", process.identifier, process.succeeded);
    }

    // A worker that comes now does not give up either.
    let mut newcomer = Program::start(room.ledger(&["work", &url]), PATIENCE);
    newcomer.until("failed");

    room.make_place();
    client.tell("try again");
    assert!(client.end().success(), "{:?}", client.said().last());
    let seen = look(&room);
    assert_eq!(seen.len(), PROCESSES);
    assert!(seen.iter().all(|process| process.is_whole && process.has_completed));
    for mut worker in [worker, newcomer] {
        worker.signal(Signal::TERM);
        assert!(worker.end().success(), "{:?}", worker.said().last());
    }
}
