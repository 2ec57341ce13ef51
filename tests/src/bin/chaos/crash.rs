//! Points at which this process can be told to end itself, as `kill -9` would.

use std::fmt::{Arguments, Debug, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Signal, getpid, kill_process};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::history;

/// Where a worker can be told to end: around tasks and hooks, and, from `revising` on, within the library.
pub const WORKER_POINTS: &[&str] = &[
    "claimed",
    "before-effect",
    "after-effect",
    "body-ended",
    "finishing",
    "finished",
    "hook-started",
    "hook-ended",
    "revising",
    "revised",
    "recovered",
];

/// Where a client can be told to end.
pub const CLIENT_POINTS: &[&str] = &["enqueue", "enqueued", "cancelled"];

static ARMED: OnceLock<Armed> = OnceLock::new();

struct Armed {
    name: String,
    point: String,
    left: AtomicU32,
}

/// Says who this is and where it ends, if anywhere, and begins to listen to the library.
pub fn listen(name: &str, crash: Option<(String, u32)>) {
    if let Some((point, times)) = crash {
        let is_first = ARMED.set(Armed { name: name.to_owned(), point, left: AtomicU32::new(times) }).is_ok();
        assert!(is_first, "a process ends at one point");
    }
    tracing::subscriber::set_global_default(Listener).expect("nobody else listens");
}

/// A point is passed.
pub fn pass(point: &str) {
    let Some(armed) = ARMED.get().filter(|armed| armed.point == point) else { return };
    if armed.left.fetch_sub(1, Ordering::SeqCst) == 1 {
        history::write("nemesis", json!({ "kind": "crash", "target": armed.name, "point": point }));
        loop {
            // The signal may take a moment.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

/// Hears the points that the library passes; warnings and errors go to the standard error, for people.
struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "tasktronaut::point" || *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        if event.metadata().target() == "tasktronaut::point" {
            pass(text.0.trim());
        } else {
            eprintln!("{} {}{}", history::now(), event.metadata().level(), text.0);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The fields of an event as text; that of a point is the point alone.
struct Text(String);

impl Text {
    fn add(&mut self, text: Arguments<'_>) {
        // A string takes whatever is written to it.
        let _ = self.0.write_fmt(text);
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "point" => value.clone_into(&mut self.0),
            name => self.add(format_args!(" {name}={value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.add(format_args!(" {value:?}")),
            name => self.add(format_args!(" {name}={value:?}")),
        }
    }
}
