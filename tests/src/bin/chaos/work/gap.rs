//! Notices that this process was stopped for a while, and who then won a job that it held: the worker, whose end came
//! in time, or somebody else, who had taken the job back.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use tasktronaut::observer::{Attempt, AttemptEnd};

use crate::history;

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(5);

static WATCHED: LazyLock<Mutex<Watched>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Watched {
    is_on: bool,
    claims: HashMap<(String, usize, u32), Instant>,
    /// The last stop that was long enough.
    gap: Option<(Instant, Instant)>,
}

fn watched() -> MutexGuard<'static, Watched> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to look for stops that may cost a lease.
pub fn watch(lease: Duration) {
    watched().is_on = true;
    std::thread::spawn(move || {
        let mut last = Instant::now();
        loop {
            std::thread::sleep(TICK);
            let now = Instant::now();
            if now.duration_since(last) > lease * 6 / 10 {
                watched().gap = Some((last, now));
            }
            last = now;
        }
    });
}

pub fn claimed(attempt: &Attempt<'_>) {
    let mut watched = watched();
    if watched.is_on {
        watched.claims.insert(key(attempt), Instant::now());
    }
}

pub fn finished(end: &AttemptEnd<'_>) {
    let mut watched = watched();
    let Some(claimed) = watched.claims.remove(&key(end.attempt())) else { return };
    if watched.gap.is_some_and(|(begun, ended)| claimed < begun && end.attempt().asked() >= ended) {
        let won = if end.accepted() { "completion" } else { "recovery" };
        history::write(
            "race",
            json!({ "name": "recovery", "sides": ["completion", "recovery"], "won": won }),
        );
    }
}

fn key(attempt: &Attempt<'_>) -> (String, usize, u32) {
    (attempt.identifier().to_owned(), attempt.job(), attempt.attempt())
}
