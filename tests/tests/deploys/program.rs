//! The programs of a case: clients that enqueue, and workers that are listened to.

use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use tasktronaut_tests::program::Program;

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
    pub fn work(self, url: &str) -> Program {
        self.start(url, "63", "free")
    }

    /// Starts a worker that never gets past the task `first`.
    pub fn hold(self, url: &str) -> Program {
        self.start(url, "63", "hold")
    }

    /// Starts a worker that puts back only once what it cannot read.
    pub fn work_impatiently(self, url: &str) -> Program {
        self.start(url, "1", "free")
    }

    fn start(self, url: &str, put_backs: &str, hold: &str) -> Program {
        let mut command = self.command();
        command.args(["work", url, put_backs, hold]);
        Program::start(command, PATIENCE)
    }
}

/// Tells a worker to stop, as a deploy does, and waits until it has.
pub fn terminate(mut worker: Program) {
    worker.signal(Signal::TERM);
    let status = worker.end();
    assert!(status.success(), "{status}, after {:?}", worker.said());
}

/// Kills a worker.
pub fn kill(mut worker: Program) {
    worker.signal(Signal::KILL);
    assert_eq!(worker.end().code(), None, "it has ended by itself");
}
