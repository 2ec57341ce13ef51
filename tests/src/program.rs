//! A program that a test starts, talks to and listens to; and what such a program does when the test is gone.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A program that runs, and is killed when it is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Kept open: most of these programs end with it.
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    heard: Vec<String>,
    patience: Duration,
}

impl Program {
    /// Starts a program. It is waited for as long as `patience` says.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(mut command: Command, patience: Duration) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let (say, lines) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                lines.for_each(|line| _ = say.send(line));
            });
        }
        let input = child.stdin.take();
        Self { child, input, lines, heard: Vec::new(), patience }
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has said something that begins so, now or before; gives the line.
    ///
    /// # Panics
    /// When it has not, and does not.
    pub fn until(&mut self, beginning: &str) -> String {
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(line) = self.heard.iter().find(|line| line.starts_with(beginning)) {
                return line.clone();
            }
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.heard.push(line),
                Err(error) => panic!("nobody has said `{beginning}`, but {:?}: {error}", self.heard),
            }
        }
    }

    /// Everything that it has said so far.
    pub fn said(&mut self) -> &[String] {
        self.heard.extend(self.lines.try_iter());
        &self.heard
    }

    /// Whether it has said something that begins so.
    pub fn has_said(&mut self, beginning: &str) -> bool {
        self.said().iter().any(|line| line.starts_with(beginning))
    }

    /// Writes a line to its input.
    ///
    /// # Panics
    /// When it does not read any more.
    pub fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it has an input");
        writeln!(input, "{line}").expect("it reads its input");
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has a number"), signal).expect("a child can be signalled");
    }

    /// Listens until it has ended; says how.
    ///
    /// # Panics
    /// When it does not end.
    pub fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + self.patience;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.heard.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("it does not end, after {:?}: {error}", self.heard.last()),
            }
        }
        self.child.wait().expect("a child can be waited for")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Ends this program, which a test has started, when its input ends: that of a test that is gone does, however it went.
pub fn end_with_the_input() {
    std::thread::spawn(|| {
        let _ended = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(3);
    });
}
