//! Wake-ups between programs: published once for many, heard by a connection of their own.
//!
//! They are hints (`R22`): nothing is lost with them but time.

use std::sync::Weak;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, ProtocolVersion, PushInfo, PushKind, RedisResult, Value, cmd};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::error::failed;
use super::link;
use super::outbox::read;
use super::shared::Shared;
use crate::backend::BackendError;
use crate::backend::store::{Listener, Wake};

/// Announcements that come within this time of each other are published together.
const TOGETHER: Duration = Duration::from_millis(5);
/// After this long a silent connection is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(10);
/// How long after a failure a connection is tried again.
const AGAIN: Duration = Duration::from_millis(500);

impl Shared {
    pub(super) fn publish(&self, wakes: &[Wake]) {
        if !wakes.is_empty() {
            self.outbox.put(wakes);
        }
    }

    pub(super) async fn hear(&self, listener: Listener) -> Result<(), BackendError> {
        let channel = self.keys.channel();
        let client = self.client.clone();
        let ear = Ear::open(&client, &channel).await.map_err(failed("listen for wake-ups"))?;
        self.run(listen(client, channel, ear, listener));
        Ok(())
    }
}

/// Publishes until the store is closed: the first announcement at once, what follows together.
pub(super) async fn publish(shared: Weak<Shared>) {
    loop {
        let Some(open) = shared.upgrade() else { return };
        let message = open.outbox.take();
        if message.is_empty() {
            let outbox = open.outbox.clone();
            drop(open);
            outbox.filled.notified().await;
            continue;
        }
        let mut command = cmd("PUBLISH");
        command.arg(open.keys.channel()).arg(message);
        if let Err(error) = open.work.send(&command).await {
            tracing::debug!(%error, "a wake-up was not published");
        }
        drop(open);
        tokio::time::sleep(TOGETHER).await;
    }
}

/// A connection that hears one channel.
struct Ear {
    connection: MultiplexedConnection,
    heard: UnboundedReceiver<PushInfo>,
}

impl Ear {
    async fn open(client: &Client, channel: &str) -> RedisResult<Self> {
        let info = client.get_connection_info();
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.clone().set_redis_settings(settings))?;
        let (sender, heard) = unbounded_channel();
        let config = link::config().set_push_sender(sender);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        connection.subscribe(channel).await?;
        Ok(Self { connection, heard })
    }

    /// Passes on what it hears, until the connection is lost.
    async fn listen(mut self, listener: &Listener) {
        loop {
            match tokio::time::timeout(SILENCE, self.heard.recv()).await {
                Ok(Some(PushInfo { kind: PushKind::Message, data })) => {
                    if let Some(Value::BulkString(message)) = data.last() {
                        for wake in read(message) {
                            listener(wake);
                        }
                    }
                }
                Ok(Some(PushInfo { kind: PushKind::Disconnection, .. }) | None) => return,
                Ok(Some(_)) => {}
                Err(_) => {
                    if self.connection.send_packed_command(&cmd("PING")).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

async fn listen(client: Client, channel: String, ear: Ear, listener: Listener) {
    let mut ear = Some(ear);
    loop {
        match ear.take() {
            Some(ear) => ear.listen(&listener).await,
            None => tokio::time::sleep(AGAIN).await,
        }
        match Ear::open(&client, &channel).await {
            Ok(new) => {
                ear = Some(new);
                listener(Wake::Anything);
            }
            Err(error) => tracing::debug!(%error, "wake-ups cannot be heard just now"),
        }
    }
}
