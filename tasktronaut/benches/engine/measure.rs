//! Times a thing several times, and prints a row of ratios.

use std::time::{Duration, Instant};

/// The median of several runs, after one that does not count. What `run` returns is dropped after the clock has
/// stopped.
pub fn measure<S, T>(runs: usize, mut start: impl FnMut() -> S, mut run: impl FnMut(S) -> T) -> Duration {
    let mut times: Vec<Duration> = (0..=runs)
        .map(|_| {
            let state = start();
            let begun = Instant::now();
            let result = run(state);
            let time = begun.elapsed();
            drop(result);
            time
        })
        .skip(1)
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// One line of the table.
pub struct Row {
    name: &'static str,
    jobs: usize,
    ours: Duration,
    floor: Duration,
    note: String,
}

impl Row {
    pub fn new(name: &'static str, jobs: usize, ours: Duration, floor: Duration) -> Self {
        Self { name, jobs, ours, floor, note: String::new() }
    }

    pub fn note(mut self, note: String) -> Self {
        self.note = note;
        self
    }

    pub fn print(&self) {
        let jobs = f64::from(u32::try_from(self.jobs).unwrap_or(u32::MAX));
        let each = |time: Duration| time.as_secs_f64() * 1e9 / jobs;
        println!(
            "{:<18} {:>9} {:>12.1} {:>13.1} {:>7.2}  {}",
            self.name,
            self.jobs,
            each(self.ours),
            each(self.floor),
            self.ours.as_secs_f64() / self.floor.as_secs_f64(),
            self.note
        );
    }
}
