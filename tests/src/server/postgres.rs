//! A PostgreSQL server for tests.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, io, process, thread};

/// Where Debian and others keep the programs that are not in the path.
const KEPT: &[&str] = &["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt/postgresql"];

/// The account that runs the server when the tests are run by root, for whom it refuses to.
const ACCOUNT: &str = "postgres";

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// What stops the server and removes its folder, as soon as its own input ends: when the server is dropped, and when
/// the program of the tests is gone, however it went.
const GUARDIAN: &str =
    "trap '' INT TERM; read -r _; \"$0\" stop -w -s -m immediate -D \"$1/data\"; rm -rf \"$1\"";

/// A private PostgreSQL server, reached by a socket in its folder; stopped and removed when it is dropped, and at the
/// latest when the program ends.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    settings: Vec<String>,
    guardian: Option<Child>,
}

impl Postgres {
    /// Starts a server that does not wait for the disk; none where PostgreSQL is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub fn start() -> Option<Self> {
        Self::start_with(&["fsync=off", "full_page_writes=off"])
    }

    /// Starts a server with settings, as in `fsync=off`; none where PostgreSQL is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub fn start_with(settings: &[&str]) -> Option<Self> {
        let programs = programs()?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // A short name: the path of a socket has at most 107 bytes.
        let folder = env::temp_dir().join(format!("tt-pg-{}-{count}", process::id()));
        let mut server = Self {
            programs,
            folder,
            settings: settings
                .iter()
                .chain(&["listen_addresses=", "port=5432", "max_connections=200"])
                .map(|&setting| setting.to_owned())
                .collect(),
            guardian: None,
        };
        finish("mkdir", as_account(OsStr::new("mkdir")).arg(&server.folder).output());
        server.guardian = Some(server.guard());
        let data = server.data();
        finish(
            "initdb",
            server.program("initdb").args(["-N", "-A", "trust", "-U", "postgres", "-D"]).arg(data).output(),
        );
        server.restart();
        Some(server)
    }

    /// Where the server is, for the user and the database `postgres`.
    pub fn url(&self) -> String {
        url(&self.folder, 5432)
    }

    /// The folder of its socket.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the server again, after it was stopped or killed.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&self) {
        let mut options = format!("-k {}", self.folder.display());
        for setting in &self.settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        let mut start = self.program("pg_ctl");
        start.args(["start", "-w", "-s", "-D"]).arg(self.data()).arg("-l").arg(self.folder.join("log"));
        finish("pg_ctl start", start.arg("-o").arg(options).output());
    }

    /// Stops the server as it should be.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop(&self) {
        let mut stop = self.program("pg_ctl");
        finish("pg_ctl stop", stop.args(["stop", "-w", "-s", "-m", "fast", "-D"]).arg(self.data()).output());
    }

    /// Kills the server and all its processes at once, as a crash does.
    pub fn kill(&self) {
        let processes = self.signal("-KILL");
        // A server does not start while there are processes of the one before.
        while processes.iter().any(|process| lives(process)) {
            thread::sleep(Duration::from_millis(1));
        }
        // Where nobody collects the dead, the next server takes the number in these files for that of a living one.
        for file in ["data/postmaster.pid", ".s.PGSQL.5432.lock"] {
            let _removed = fs::remove_file(self.folder.join(file));
        }
    }

    /// Stops the server and all its processes where they are: connections stay, new ones are taken by the system, and
    /// nobody answers.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets a server go on that was frozen.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Sends a signal to the server, and then to its processes; the answer is whom it was sent to.
    fn signal(&self, signal: &str) -> Vec<String> {
        let Some(server) = self.process() else { return Vec::new() };
        let children =
            fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap_or_default();
        let processes: Vec<String> =
            [server.as_str()].into_iter().chain(children.split_whitespace()).map(str::to_owned).collect();
        // One of them may have come to its end by itself.
        let _sent = Command::new("kill").arg(signal).args(&processes).output();
        processes
    }

    fn guard(&self) -> Child {
        let mut guardian = as_account(OsStr::new("sh"));
        guardian.arg("-c").arg(GUARDIAN).arg(self.programs.join("pg_ctl")).arg(&self.folder);
        guardian.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        guardian.spawn().unwrap_or_else(|error| panic!("sh does not start: {error}"))
    }

    /// The process of the server, while it runs.
    fn process(&self) -> Option<String> {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        file.lines().next().map(str::to_owned)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self, name: &str) -> Command {
        as_account(self.programs.join(name).as_os_str())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // One that is frozen cannot be stopped.
        self.thaw();
        // Waiting closes the guardian's input.
        if let Some(mut guardian) = self.guardian.take() {
            let _stopped = guardian.wait();
        }
    }
}

/// The URL of a socket in a folder, for the user and the database `postgres`.
pub(super) fn url(folder: &Path, port: u16) -> String {
    let folder = folder.to_string_lossy().replace('/', "%2F");
    format!("postgres://postgres@{folder}:{port}/postgres")
}

/// The folder of the server's programs: in the path, or where packages put them, the newest first.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    for kept in KEPT {
        let versions = fs::read_dir(kept).into_iter().flatten().flatten();
        let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
        folders.push(Path::new(kept).join("bin"));
    }
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

/// A command, run by the server's account where the tests are run by root.
pub(super) fn as_account(program: &OsStr) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let mut command = Command::new(if root { OsStr::new("setpriv") } else { program });
    if root {
        command.arg(format!("--reuid={ACCOUNT}")).arg(format!("--regid={ACCOUNT}"));
        command.arg("--clear-groups").arg(program);
    }
    command.current_dir(env::temp_dir());
    command
}

/// Whether a process is there, and is not only waiting for its parent to take notice of its end.
fn lives(process: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    state.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

fn finish(what: &str, result: io::Result<Output>) {
    match result {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{what} failed: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{what} failed: {error}"),
    }
}
