//! [`Direct`]: a connection that is used on the thread of its caller, which may block.
//!
//! Between asking and hearing nobody else has to be woken: on an idle server that takes half the time of a call over
//! the connection that many share, which is served by other threads.

use std::sync::Mutex;

use redis::{Client, Cmd, Connection, ConnectionLike, ErrorKind, RedisResult, ServerErrorKind, Value};

use super::error::answered;
use super::keys::Keys;
use super::link::{ANSWER, CONNECT, is_useless_after};
use super::scripts::Composed;
use crate::backend::BackendError;

/// One connection that is opened when it is first used, and made anew when it was lost.
pub(super) struct Direct {
    client: Client,
    connection: Mutex<Option<Connection>>,
}

impl Direct {
    pub(super) fn new(client: Client) -> Self {
        Self { client, connection: Mutex::default() }
    }

    /// Calls a script, by its hash where the server knows it.
    pub(super) fn run(
        &self,
        operation: &'static str,
        script: &Composed,
        keys: &Keys,
        arguments: &[&[u8]],
    ) -> Result<Value, BackendError> {
        // Whoever panicked in the middle of an answer has left the connection unusable.
        let mut current = self.connection.lock().unwrap_or_else(|poison| {
            let mut current = poison.into_inner();
            *current = None;
            self.connection.clear_poison();
            current
        });
        let answer = match self.send(&mut current, &script.by_hash(keys.prefix(), arguments)) {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.send(&mut current, &script.by_text(keys.prefix(), arguments))
            }
            answer => answer,
        };
        answer.map_err(answered(operation))
    }

    /// Sends a command, and once more where the connection turns out to be lost: see `link.rs`.
    fn send(&self, current: &mut Option<Connection>, command: &Cmd) -> RedisResult<Value> {
        let mut again = true;
        loop {
            let connection = match current {
                Some(connection) => connection,
                None => current.insert(self.connect()?),
            };
            let answer = connection.req_command(command).and_then(Value::extract_error);
            let Err(error) = &answer else { return answer };
            if is_useless_after(error) {
                *current = None;
            }
            if !(error.is_connection_dropped() && std::mem::take(&mut again)) {
                return answer;
            }
        }
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(CONNECT)?;
        connection.set_read_timeout(Some(ANSWER))?;
        connection.set_write_timeout(Some(ANSWER))?;
        Ok(connection)
    }
}
