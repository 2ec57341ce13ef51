//! Running an example.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// An example must print what is waited for within this time.
const PATIENCE: Duration = Duration::from_mins(1);

/// The folder of the built examples. They are built once, next to the tests.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "tasktronaut-examples", "--examples"]);
    cargo.args(["--features", "sqlite,redis", "--target-dir"]);
    cargo.arg(profile.parent().unwrap()).current_dir(repository());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success(), "the examples cannot be built");
    profile.join("examples")
});

/// The repository's folder.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An empty folder for one test.
pub fn fresh_folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("examples").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// How an example has ended.
pub struct Ended {
    pub code: Option<i32>,
    pub lines: Vec<String>,
    pub errors: String,
}

/// An example that runs.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    errors: ChildStderr,
}

impl Program {
    /// Starts an example in the repository's folder.
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(BUILT.join(name));
        command.args(arguments).current_dir(repository());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (lines, errors) = (read_lines(child.stdout.take().unwrap()), child.stderr.take().unwrap());
        Self { child, lines, seen: Vec::new(), errors }
    }

    /// Waits until it has printed a line that contains this text.
    pub fn wait_for(&mut self, text: &str) {
        while !self.seen.iter().any(|line| line.contains(text)) {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(error) => panic!("`{text}` was not printed ({error}), but: {:#?}", self.seen),
            }
        }
    }

    /// What the terminal does when Ctrl-C is pressed.
    pub fn press_ctrl_c(&self) {
        let kill = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// What `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended.
    pub fn end(mut self) -> Ended {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        let mut errors = String::new();
        self.errors.read_to_string(&mut errors).unwrap();
        Ended { code: self.child.wait().unwrap().code(), lines: std::mem::take(&mut self.seen), errors }
    }
}

/// A test that fails leaves nothing running.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// Runs an example that is to succeed, and gives what it has printed.
pub fn lines_of(name: &str, arguments: &[&str]) -> Vec<String> {
    let ended = Program::start(name, arguments).end();
    assert_eq!(ended.code, Some(0), "{}", ended.errors);
    assert_eq!(ended.errors, "");
    ended.lines
}

fn read_lines(output: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
