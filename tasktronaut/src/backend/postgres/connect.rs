//! How connections are made, whatever encrypts them.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, Socket};

/// A connection that is being made.
pub(super) type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<(Client, Box<dyn Driver>), Error>> + Send + 'a>>;

/// Makes connections.
pub(super) trait Connect: Send + Sync {
    /// A new one.
    fn connect(&self) -> Connecting<'_>;
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
    pub(super) config: Config,
    pub(super) tls: T,
}

impl<T> Connect for Connector<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self) -> Connecting<'_> {
        Box::pin(async move {
            let (client, connection) = self.config.connect(self.tls.clone()).await?;
            Ok((client, Box::new(connection) as Box<dyn Driver>))
        })
    }
}

impl fmt::Debug for dyn Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connect")
    }
}

/// Moves the bytes of a connection until it is over, and tells `heard` of notifications.
pub(super) async fn drive(mut driver: Box<dyn Driver>, mut heard: impl FnMut(&str) + Send) {
    loop {
        match poll_fn(|context| driver.poll(context)).await {
            Some(Ok(AsyncMessage::Notification(notification))) => heard(notification.payload()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return tracing::debug!(%error, "a connection to PostgreSQL was lost"),
            None => return,
        }
    }
}
