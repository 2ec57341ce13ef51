//! [`Link`]: one connection, which many callers share and which is made anew when it was lost.
//!
//! That a connection is lost is often seen only when it is used: the server was started again meanwhile, or the runtime
//! is gone that made it. So what was sent on it is sent once more, on a new one. Nobody knows whether it was executed
//! the first time; therefore all that is sent changes nothing the second time. Its answer is the same, too, but for two
//! that tell what they find: a process that is enqueued is known then, and one that is deleted is gone.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
};
use tokio::sync::Mutex;

use super::error::answered;
use super::keys::Keys;
use super::scripts::Composed;
use crate::backend::BackendError;

/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take: that of a process of 100,000 jobs takes its time.
pub(super) const ANSWER: Duration = Duration::from_secs(30);

/// One connection that is opened when it is first used, by the runtime that uses it.
pub(super) struct Link {
    client: Client,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    /// Counts the connections, so that a late complaint about an old one does not close the new one.
    number: u64,
}

/// How connections of this store behave.
pub(super) fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(ANSWER))
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self { client, current: Mutex::default() }
    }

    /// Calls a script, by its hash where the server knows it.
    pub(super) async fn run(
        &self,
        operation: &'static str,
        script: &Composed,
        keys: &Keys,
        arguments: &[&[u8]],
    ) -> Result<Value, BackendError> {
        let answer = self.send(&script.by_hash(keys.prefix(), arguments)).await;
        let answer = match answer {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.send(&script.by_text(keys.prefix(), arguments)).await
            }
            answer => answer,
        };
        answer.map_err(answered(operation))
    }

    /// Sends one command.
    pub(super) async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        let mut again = true;
        loop {
            let (mut connection, number) = self.connection().await?;
            let answer = connection.send_packed_command(command).await.and_then(Value::extract_error);
            if !(self.is_lost(number, &answer).await && std::mem::take(&mut again)) {
                return answer;
            }
        }
    }

    /// Sends commands at once. What the server refuses is an error in its place, and the others are answered.
    pub(super) async fn send_all(&self, commands: &Pipeline, count: usize) -> RedisResult<Vec<Value>> {
        let mut again = true;
        loop {
            let (mut connection, number) = self.connection().await?;
            let answers = connection.send_packed_commands(commands, 0, count).await;
            if !(self.is_lost(number, &answers).await && std::mem::take(&mut again)) {
                return answers;
            }
        }
    }

    async fn connection(&self) -> RedisResult<(MultiplexedConnection, u64)> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &current.connection {
            return Ok((connection.clone(), current.number));
        }
        let connection = self.client.get_multiplexed_async_connection_with_config(&config()).await?;
        current.number += 1;
        current.connection = Some(connection.clone());
        Ok((connection, current.number))
    }

    /// Whether a connection was lost. One that has failed is forgotten, and the next call makes a new one.
    async fn is_lost<T>(&self, number: u64, answer: &RedisResult<T>) -> bool {
        let Err(error) = answer else { return false };
        if is_useless_after(error) {
            let mut current = self.current.lock().await;
            if current.number == number {
                current.connection = None;
            }
        }
        error.is_connection_dropped()
    }
}

/// Whether a connection is of no use any more.
pub(super) fn is_useless_after(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}
