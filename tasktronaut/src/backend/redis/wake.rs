//! Wake-ups between programs: published once for many, heard by a connection of their own.
//!
//! They are hints (`R22`): nothing is lost with them but time.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, ProtocolVersion, PushInfo, PushKind, RedisResult, Value, cmd};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::error::failed;
use super::{RedisStore, Shared, link};
use crate::backend::BackendError;
use crate::backend::store::{Key, Listener, Wake};

/// Announcements that come within this time of each other are published together.
const TOGETHER: Duration = Duration::from_millis(5);
/// After this long a silent connection is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(10);
/// How long after a failure a connection is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// More than this are published as "anything".
const MOST: usize = 500;

/// What is to be published.
#[derive(Default)]
pub(super) struct Outbox {
    wakes: Mutex<Wakes>,
    filled: Notify,
}

#[derive(Default)]
struct Wakes {
    ready: bool,
    anything: bool,
    ended: BTreeSet<Key>,
    stopping: BTreeSet<Key>,
}

impl Outbox {
    fn put(&self, news: &[Wake]) {
        let mut wakes = self.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        for wake in news {
            match wake {
                Wake::Ready => wakes.ready = true,
                Wake::Ended(key) => drop(wakes.ended.insert(*key)),
                Wake::Stopping(key) => drop(wakes.stopping.insert(*key)),
                Wake::Anything => wakes.anything = true,
            }
        }
        if wakes.ended.len() + wakes.stopping.len() > MOST {
            *wakes = Wakes { anything: true, ..Wakes::default() };
        }
        drop(wakes);
        self.filled.notify_one();
    }

    /// All that is to be published, as one message.
    fn take(&self) -> String {
        let wakes = std::mem::take(&mut *self.wakes.lock().unwrap_or_else(PoisonError::into_inner));
        let mut words = Vec::new();
        words.extend(wakes.anything.then(|| "*".to_owned()));
        words.extend(wakes.ready.then(|| "r".to_owned()));
        words.extend(wakes.ended.iter().map(|key| format!("e{key}")));
        words.extend(wakes.stopping.iter().map(|key| format!("s{key}")));
        words.join(" ")
    }
}

/// Reads a message. What makes no sense may mean anything.
fn read(message: &[u8]) -> Vec<Wake> {
    let wake = |word: &str| {
        let key = |from: &str| from.parse().ok();
        match word.split_at_checked(1)? {
            ("r", "") => Some(Wake::Ready),
            ("e", rest) => key(rest).map(Wake::Ended),
            ("s", rest) => key(rest).map(Wake::Stopping),
            _ => None,
        }
    };
    let words = String::from_utf8_lossy(message);
    words.split_whitespace().take(2 * MOST).map(|word| wake(word).unwrap_or(Wake::Anything)).collect()
}

impl RedisStore {
    pub(super) fn publish(&self, wakes: &[Wake]) {
        if !wakes.is_empty() {
            self.shared.outbox.put(wakes);
        }
    }

    pub(super) async fn hear(&self, listener: Listener) -> Result<(), BackendError> {
        let channel = self.shared.keys.channel();
        let client = self.shared.client.clone();
        let ear = Ear::open(&client, &channel).await.map_err(failed("listen for wake-ups"))?;
        let task = tokio::spawn(listen(client, channel, ear, listener));
        self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task.abort_handle());
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
        // The first try may find out that the connection is gone; the second one makes a new one.
        if open.work.send(&command).await.is_err()
            && let Err(error) = open.work.send(&command).await
        {
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
                        read(message).into_iter().for_each(|wake| listener(wake));
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

#[cfg(test)]
mod tests {
    use super::{MOST, Outbox, Wake, read};

    #[test]
    fn what_is_announced_is_heard_once() {
        let outbox = Outbox::default();
        outbox.put(&[Wake::Ready, Wake::Ended(7), Wake::Ready, Wake::Stopping(9), Wake::Ended(7)]);
        assert_eq!(read(outbox.take().as_bytes()), [Wake::Ready, Wake::Ended(7), Wake::Stopping(9)]);
        assert_eq!(outbox.take(), "");
        for key in 0..=MOST as u64 {
            outbox.put(&[Wake::Ended(key)]);
        }
        assert_eq!(read(outbox.take().as_bytes()), [Wake::Anything]);
    }

    #[test]
    fn r22_nonsense_means_anything() {
        assert_eq!(read(b"e-1 \xff r2"), [Wake::Anything, Wake::Anything, Wake::Anything]);
        assert_eq!(read(b""), []);
    }
}
