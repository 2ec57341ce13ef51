//! Stands between the workers and the server, and makes trouble when it is told to: cuts connections after a random
//! number of bytes, closes one direction only, or delays everything.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::server::Server;
use crate::dice::Dice;

/// A connection in trouble ends after less than so many bytes.
const FEW_BYTES: u64 = 3000;

/// What may happen to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Cut,
    HalfClose,
    Delay,
}

impl Trouble {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::HalfClose => "half-close",
            Self::Delay => "delay",
        }
    }
}

/// What happens now, with a number that makes it random.
type State = Option<(Trouble, u64)>;

pub struct Proxy {
    pub url: String,
    folder: PathBuf,
    state: watch::Sender<State>,
}

impl Proxy {
    pub fn start(server: &Server) -> Self {
        let folder = std::env::temp_dir().join(format!("tt-proxy-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let socket = folder.join(".s.PGSQL.5432");
        let listener = UnixListener::bind(&socket).expect("a socket can be made");
        let upstream = server.socket().expect("the server is private");
        let state = watch::Sender::new(None);
        tokio::spawn(accept(listener, upstream, state.subscribe()));
        Self { url: server.url_at(&socket), folder, state }
    }

    pub fn make(&self, trouble: Trouble, seed: u64) {
        self.state.send_replace(Some((trouble, seed)));
    }

    pub fn heal(&self) {
        self.state.send_replace(None);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn accept(listener: UnixListener, upstream: PathBuf, state: watch::Receiver<State>) {
    let mut number = 0;
    while let Ok((client, _)) = listener.accept().await {
        number += 1;
        tokio::spawn(connect(client, upstream.clone(), number, state.clone()));
    }
}

async fn connect(client: UnixStream, upstream: PathBuf, number: u64, state: watch::Receiver<State>) {
    let Ok(server) = UnixStream::connect(Path::new(&upstream)).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let cut = Arc::new(tokio::sync::Notify::new());
    let up = carry(from_client, to_server, number * 2, state.clone(), Arc::clone(&cut));
    let down = carry(from_server, to_client, number * 2 + 1, state, Arc::clone(&cut));
    tokio::select! {
        () = cut.notified() => {}
        _ = async { tokio::join!(up, down) } => {}
    }
}

/// Carries bytes one way, until there are no more or there is trouble.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    number: u64,
    mut state: watch::Receiver<State>,
    cut: Arc<tokio::sync::Notify>,
) {
    let mut buffer = vec![0; 16 * 1024];
    // How many more bytes pass before the trouble that there is.
    let mut left: Option<(State, u64)> = None;
    loop {
        let now = *state.borrow_and_update();
        match now {
            Some((Trouble::Delay, _)) | None => left = None,
            Some((_, seed)) => {
                if left.is_none_or(|(known, _)| known != now) {
                    left = Some((now, Dice::of(seed, number).within(0..FEW_BYTES)));
                }
            }
        }
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            changed = state.changed() => {
                if changed.is_err() {
                    return;
                }
                continue;
            }
        };
        if read == 0 {
            // The other direction may go on.
            let _ = to.shutdown().await;
            return;
        }
        if let Some((Trouble::Delay, seed)) = now {
            let pause = Dice::of(seed, number).within(5..150);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let length = u64::try_from(read).unwrap_or(0);
        let passing = left.map_or(length, |(_, left)| left.min(length));
        let bytes = &buffer[..usize::try_from(passing).unwrap_or(0)];
        if to.write_all(bytes).await.is_err() {
            return;
        }
        if let Some((known, left)) = &mut left {
            *left -= passing;
            if *left == 0 {
                if matches!(known, Some((Trouble::HalfClose, _))) {
                    let _ = to.shutdown().await;
                    return;
                }
                cut.notify_one();
                return std::future::pending().await;
            }
        }
    }
}
