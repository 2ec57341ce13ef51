//! [`PgBouncer`]: a private pooler in front of a private PostgreSQL server.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::postgres::{Postgres, as_account, url};

/// Where Debian puts it, which is not in everybody's path.
const KEPT: &str = "/usr/sbin";
const PORT: u16 = 6432;
/// How long it may take to start.
const START: Duration = Duration::from_secs(20);

/// Runs it until the own input ends: when it is dropped, and when the program of the tests is gone, however it went.
const KEEPER: &str = r#""$0" "$1" 2>&1 & pooler=$!; read -r _; kill -KILL "$pooler"; wait "$pooler""#;

/// Pools transactions: two that follow each other seldom run on the same connection. It is part of the server's folder,
/// and is gone before it.
#[derive(Debug)]
pub struct PgBouncer {
    folder: PathBuf,
    keeper: Child,
}

impl PgBouncer {
    /// Starts it; none where it is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub fn start(server: &Postgres) -> Option<Self> {
        Self::start_with(server, "")
    }

    /// Like [`start`](Self::start), with lines of its settings.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub fn start_with(server: &Postgres, lines: &str) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::split_paths(&path)
            .chain([PathBuf::from(KEPT)])
            .map(|folder| folder.join("pgbouncer"))
            .find(|program| program.is_file())?;
        let folder = server.folder().to_owned();
        let settings = folder.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={folder} port=5432 user=postgres\n[pgbouncer]\nlisten_addr =\n\
             unix_socket_dir = {folder}\nlisten_port = {PORT}\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 5\nmax_client_conn = 1000\n{lines}\n",
            folder = folder.display()
        );
        fs::write(&settings, text).unwrap_or_else(|error| panic!("{error}"));
        let mut keeper = as_account(OsStr::new("sh"))
            .args(["-c", KEEPER])
            .arg(program)
            .arg(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The shell would tell of the end that it brings about.
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("sh does not start: {error}"));
        let log = keeper.stdout.take().expect("it has an output");
        let (ready, is_ready) = mpsc::channel();
        // Reads on when it is ready, so that it never waits for somebody to read.
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                if line.contains("process up") {
                    let _ = ready.send(());
                }
            }
        });
        is_ready.recv_timeout(START).expect("the pooler says that it is ready");
        Some(Self { folder, keeper })
    }

    /// Where it is, for the user and the database `postgres`.
    pub fn url(&self) -> String {
        url(&self.folder, PORT)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // Waiting closes the keeper's input.
        let _ = self.keeper.wait();
    }
}
