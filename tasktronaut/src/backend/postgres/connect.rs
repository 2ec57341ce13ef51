//! How connections are made, whatever encrypts them.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, Socket};

use super::session::WORD;
use crate::backend::WorkerId;
use crate::words::error::full_text;

/// A connection that is being made.
pub(super) type Connecting<'a> = Pin<Box<dyn Future<Output = Result<Connected, Unreachable>> + Send + 'a>>;

/// A connection that was made.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) driver: Box<dyn Driver>,
    /// What was said to the server as it began, where that was possible; see [`Session`](super::session::Session).
    pub(super) word: Option<String>,
}

/// No connection could be made.
#[derive(Debug, Error)]
#[error("no connection to {place}")]
pub(super) struct Unreachable {
    place: String,
    source: Error,
}

/// Makes connections.
pub(super) trait Connect: Send + Sync {
    /// Where to: a host with its port, or the path of a socket, or several. No user, and no password.
    fn place(&self) -> &str;

    /// A new one. It may take for ever: a server can take a connection and say nothing.
    fn connect(&self) -> Connecting<'_>;

    /// What takes long while a connection is made.
    fn making(&self) -> String {
        format!("making a connection to {}", self.place())
    }

    /// The error of a connection that has failed as it began.
    fn unreachable(&self, source: Error) -> Unreachable {
        Unreachable { place: self.place().to_owned(), source }
    }
}

/// The half of a connection that moves bytes.
pub(super) trait Driver: Send {
    /// Moves bytes, and gives what the server sends unasked; nothing when the connection is over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>>;
}

impl<S, T> Driver for Connection<S, T>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> {
        self.poll_message(context)
    }
}

/// Makes connections of one configuration.
pub(super) struct Connector<T> {
    config: Config,
    place: String,
    tls: T,
    /// A pooler has refused to pass on what a session is to remember.
    is_pooled: AtomicBool,
}

impl<T> Connector<T> {
    pub(super) fn new(config: Config, tls: T) -> Self {
        Self { place: place(&config), config, tls, is_pooled: AtomicBool::new(false) }
    }
}

impl<T> Connector<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    async fn begin(&self, word: Option<String>) -> Result<Connected, Error> {
        let mut config = self.config.clone();
        if let Some(word) = &word {
            let others = config.get_options().unwrap_or_default();
            config.options(format!("{others} -c {WORD}={word}"));
        }
        let (client, connection) = config.connect(self.tls.clone()).await?;
        Ok(Connected { client, driver: Box::new(connection), word })
    }
}

impl<T> Connect for Connector<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn place(&self) -> &str {
        &self.place
    }

    fn connect(&self) -> Connecting<'_> {
        Box::pin(async move {
            let unreachable = |error| self.unreachable(error);
            if !self.is_pooled.load(Ordering::Relaxed) {
                match self.begin(Some(WorkerId::random().to_string())).await {
                    Err(error) if error.code() == Some(&SqlState::PROTOCOL_VIOLATION) => {
                        self.is_pooled.store(true, Ordering::Relaxed);
                    }
                    connected => return connected.map_err(unreachable),
                }
            }
            self.begin(None).await.map_err(unreachable)
        })
    }
}

impl fmt::Debug for dyn Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connect")
    }
}

/// The hosts of a configuration with their ports.
fn place(config: &Config) -> String {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    });
    let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
    let hosts: Vec<String> =
        if config.get_hosts().is_empty() { addresses.collect() } else { hosts.collect() };
    // One port may be for all hosts.
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let places = hosts.iter().enumerate().map(|(at, host)| match host {
        folder if folder.starts_with('/') => format!("{folder}/.s.PGSQL.{}", port(at)),
        address if address.contains(':') => format!("[{address}]:{}", port(at)),
        name => format!("{name}:{}", port(at)),
    });
    places.collect::<Vec<_>>().join(", ")
}

/// Moves the bytes of a connection until it is over, and tells `heard` of notifications.
pub(super) async fn drive(mut driver: Box<dyn Driver>, mut heard: impl FnMut(&str) + Send) {
    loop {
        match poll_fn(|context| driver.poll(context)).await {
            Some(Ok(AsyncMessage::Notification(notification))) => heard(notification.payload()),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                return tracing::debug!(error = full_text(&error), "a connection to PostgreSQL was lost");
            }
            None => return,
        }
    }
}
