//! The programs of a case: clients that enqueue, and workers that are listened to.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take. A job that the wrong worker takes is put back for 1, 2, 4, 8, 10, 10 .. s: while both are
/// there it is taken wrongly so often in one of sixteen thousand runs.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Which of the two programs.
#[derive(Debug, Clone, Copy)]
pub enum Release {
    Old,
    New,
}

impl Release {
    fn command(self) -> Command {
        Command::new(match self {
            Self::Old => env!("CARGO_BIN_EXE_release_1"),
            Self::New => env!("CARGO_BIN_EXE_release_2"),
        })
    }

    /// Has its client enqueue a process of a kind.
    pub fn enqueue(self, url: &str, kind: &str, identifier: &str) {
        let output = self.command().args(["enqueue", url, kind, identifier]).output();
        let output = output.unwrap_or_else(|error| panic!("{self:?} does not start: {error}"));
        assert!(output.status.success(), "{self:?} {kind}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, b"Created\n");
    }

    /// Starts a worker.
    pub fn work(self, url: &str) -> Running {
        self.start(url, "63", "free")
    }

    /// Starts a worker that never gets past the task `first`.
    pub fn hold(self, url: &str) -> Running {
        self.start(url, "63", "hold")
    }

    /// Starts a worker that puts back only once what it cannot read.
    pub fn work_impatiently(self, url: &str) -> Running {
        self.start(url, "1", "free")
    }

    fn start(self, url: &str, put_backs: &str, hold: &str) -> Running {
        let mut command = self.command();
        command.args(["work", url, put_backs, hold]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{self:?} does not start: {error}"));
        let output = child.stdout.take().expect("a worker has an output");
        let (say, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.for_each(|line| _ = say.send(line));
        });
        let input = child.stdin.take();
        Running { release: self, child, _input: input, lines, heard: Vec::new() }
    }
}

/// A worker.
pub struct Running {
    release: Release,
    child: Child,
    /// Kept open: the worker ends with it.
    _input: Option<ChildStdin>,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Running {
    /// Waits until the worker has said something that begins so, now or before; gives the line.
    pub fn until(&mut self, beginning: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.heard.iter().find(|line| line.starts_with(beginning)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.heard.push(line),
                Err(error) => {
                    panic!("{:?} has not said `{beginning}`, but {:?}: {error}", self.release, self.heard)
                }
            }
        }
    }

    /// Whether the worker has said something that begins so.
    pub fn has_said(&mut self, beginning: &str) -> bool {
        self.heard.extend(self.lines.try_iter());
        self.heard.iter().any(|line| line.starts_with(beginning))
    }

    /// Tells the worker to stop, as a deploy does, and waits until it has.
    pub fn terminate(&mut self) {
        self.signal(Signal::TERM);
        self.until("stopped");
        let status = self.child.wait().expect("a child can be waited for");
        assert!(status.success(), "{:?}: {status}", self.release);
    }

    /// Kills the worker.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let status = self.child.wait().expect("a child can be waited for");
        assert_eq!(status.code(), None, "{:?}: {status}", self.release);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has a number"), signal).expect("a child can be signalled");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
