//! [`Redis`]: a private Redis or Valkey server, in a temporary folder and on a socket of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// The programs that are tried, in this order.
const PROGRAMS: &[&str] = &["redis-server", "valkey-server"];
/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// Runs the server beside a keeper, who ends it when its input says so, and removes its folder too when its input
/// just ends: that is when the test is gone, however it went.
const KEEPER: &str = r#"folder=$1; shift; "$@" & server=$!; echo "$server"
read -r word
kill -"${word:-KILL}" "$server" 2>/dev/null; wait "$server"; [ -n "$word" ] || rm -rf "$folder""#;

/// A server that is stopped and removed when this is dropped.
#[derive(Debug)]
pub struct Redis {
    program: PathBuf,
    folder: PathBuf,
    options: Vec<String>,
    keeper: Option<Child>,
}

impl Redis {
    /// Starts a server that keeps nothing on disk; none where there is no such program.
    pub fn start() -> Option<Self> {
        Self::start_with(&["--save", "", "--appendonly", "no"])
    }

    /// Starts a server that writes whatever it is told to disk before it answers.
    pub fn start_durable() -> Option<Self> {
        Self::start_with(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
    }

    /// Starts a server with options of its command line.
    pub fn start_with(options: &[&str]) -> Option<Self> {
        let program = PROGRAMS.iter().find(|program| is_there(program))?;
        Self::start_program(Path::new(program), options)
    }

    /// Starts another version than the one that is installed, as [`start`](Self::start) does; see `tests/servers`.
    pub fn start_version(version: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".servers").join(version);
        let program =
            PROGRAMS.iter().map(|program| folder.join(program)).find(|program| program.is_file())?;
        Self::start_program(&program, &["--save", "", "--appendonly", "no"])
    }

    fn start_program(program: &Path, options: &[&str]) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("tasktronaut-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).ok()?;
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut redis = Self { program: program.to_owned(), folder, options, keeper: None };
        redis.restart();
        Some(redis)
    }

    /// Where it is, for a namespace of this name.
    pub fn url(&self, namespace: &str) -> String {
        format!("redis+unix://{}?namespace={namespace}", self.socket().display())
    }

    /// Stops it as an operator would. What it has on disk stays for [`restart`](Self::restart).
    pub fn stop(&mut self) {
        self.end("TERM");
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        self.end("KILL");
    }

    /// Ends it with a signal, or removes it altogether with none.
    fn end(&mut self, signal: &str) {
        if let Some(mut keeper) = self.keeper.take() {
            if let Some(mut input) = keeper.stdin.take() {
                let _ = writeln!(input, "{signal}");
            }
            let _ = keeper.wait();
        }
    }

    /// Starts it again, after stopping it where it still runs, with what it has on disk.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn restart(&mut self) {
        self.stop();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&self.folder)
            .arg(&self.program)
            .args(["--port", "0", "--unixsocket"])
            .arg(self.socket())
            .arg("--dir")
            .arg(&self.folder)
            .args(&self.options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let log = keeper.stdout.take().expect("it has an output");
        let (ready, is_ready) = mpsc::channel();
        // Reads on when the server is ready, so that the server never waits for somebody to read.
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if line.to_lowercase().contains("ready to accept connections") {
                    let _ = ready.send(());
                }
            }
        });
        self.keeper = Some(keeper);
        is_ready.recv_timeout(START).expect("the server says that it is ready");
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: PathBuf| folder.join(program).is_file())
}
