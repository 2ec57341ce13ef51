//! What the terminal shows of a process: a bar for the whole, and one for each picture that is being worked on.
//!
//! Where the output is no terminal there are no bars, only the lines that would stay above them.

use std::collections::HashMap;
use std::io::{IsTerminal, stdout};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tasktronaut::backend::{JobKind, JobStatus};
use tasktronaut::{Event, JobState, Progress};

/// The bars, and what was said last about each picture.
pub struct Terminal {
    has_bars: bool,
    bars: MultiProgress,
    overall: ProgressBar,
    running: HashMap<usize, ProgressBar>,
    last_words: HashMap<usize, Arc<str>>,
}

impl Terminal {
    /// Bars for a process with so many tasks.
    pub fn new(tasks: usize) -> Self {
        let has_bars = stdout().is_terminal();
        let target = if has_bars { ProgressDrawTarget::stdout() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let overall = bars.add(ProgressBar::new(tasks as u64));
        overall.set_style(style("{bar:40.cyan/dim} {pos}/{len} steps, {elapsed}"));
        overall.enable_steady_tick(Duration::from_millis(100));
        Self { has_bars, bars, overall, running: HashMap::new(), last_words: HashMap::new() }
    }

    /// Shows what has happened.
    pub fn show(&mut self, event: Event) {
        match event {
            Event::Job(job) if job.kind == JobKind::Task => self.show_task(&job),
            Event::Progress { number, progress, .. } => self.show_progress(number, &progress),
            Event::Ended(_) => self.overall.finish_and_clear(),
            _ => {}
        }
    }

    fn show_task(&mut self, task: &JobStatus) {
        let name = task.description.as_deref().unwrap_or(&task.name);
        if task.state == JobState::Running {
            let bar = self.bars.add(ProgressBar::new(1));
            bar.set_style(style("{prefix:>20} {bar:20.green/dim} {msg}"));
            bar.set_prefix(name.to_owned());
            bar.tick();
            self.running.insert(task.number, bar);
            return;
        }
        if let Some(bar) = self.running.remove(&task.number) {
            self.bars.remove(&bar);
        }
        match (task.state, &task.error) {
            (JobState::Waiting, Some(error)) => self.say(&format!("{name}: {error}; trying again")),
            (JobState::Failed, Some(error)) => self.say(&format!("{name}: {error}")),
            (JobState::Succeeded, _) => {
                self.overall.inc(1);
                if let Some(words) = self.last_words.remove(&task.number) {
                    self.say(&format!("{name}: {words}"));
                }
            }
            _ => {}
        }
    }

    fn show_progress(&mut self, number: usize, progress: &Progress) {
        if let Some(bar) = self.running.get(&number) {
            bar.set_length(progress.total());
            bar.set_position(progress.done());
            bar.set_message(progress.message().unwrap_or_default().to_owned());
        }
        if let Some(message) = progress.message() {
            self.last_words.insert(number, message.into());
        }
    }

    /// Prints a line that stays.
    fn say(&self, line: &str) {
        if self.has_bars {
            // A terminal that cannot be written to is nothing to stop for.
            let _ = self.bars.println(line);
        } else {
            println!("{line}");
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━─")
}
