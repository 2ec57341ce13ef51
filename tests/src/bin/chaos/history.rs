//! The log of this OS process: one line for each thing that happens, each of them one write, so that a kill loses none.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

static HISTORY: OnceLock<History> = OnceLock::new();

struct History {
    file: File,
    anchor: (u64, Instant),
    faults: AtomicU64,
}

/// Opens the log of this process. Nothing is written before.
pub fn open(folder: &Path, name: &str) {
    let path = folder.join(format!("{name}.jsonl"));
    let file = OpenOptions::new().create_new(true).append(true).open(&path);
    let file = file.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_first = HISTORY.set(History { file, anchor: anchor(), faults: AtomicU64::new(0) }).is_ok();
    assert!(is_first, "a process has one log");
}

/// The same moment by both clocks. The first is read first, so that moments which are told by an `Instant` may seem
/// earlier than they were, never later; and again where this process was held up in between.
fn anchor() -> (u64, Instant) {
    let read = || {
        let (before, instant) = (now(), Instant::now());
        (now() - before, (before, instant))
    };
    let best = (0..100).map(|_| read()).min_by_key(|(gap, _)| *gap);
    best.map_or_else(|| read().1, |(_, anchor)| anchor)
}

/// Nanoseconds of the clock that all processes of this host share.
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// A moment by the same clock.
pub fn at(moment: Instant) -> u64 {
    let (anchor, instant) = HISTORY.get().expect("the log is open").anchor;
    let since = moment.saturating_duration_since(instant).as_nanos();
    let before = instant.saturating_duration_since(moment).as_nanos();
    anchor + u64::try_from(since).unwrap_or(0) - u64::try_from(before).unwrap_or(0)
}

/// How many faults are in this log.
pub fn faults() -> u64 {
    HISTORY.get().map_or(0, |history| history.faults.load(Ordering::SeqCst))
}

/// Writes what has just happened.
pub fn write(event: &str, mut fields: Value) {
    let history = HISTORY.get().expect("the log is open");
    if event == "nemesis" {
        history.faults.fetch_add(1, Ordering::SeqCst);
    }
    fields["ev"] = json!(event);
    fields["ts"] = json!(now());
    let mut line = fields.to_string();
    line.push('\n');
    let written = (&history.file).write(line.as_bytes()).expect("the log can be written");
    assert_eq!(written, line.len(), "one line is one write");
}
