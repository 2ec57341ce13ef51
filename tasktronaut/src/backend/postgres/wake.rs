//! Wake-ups between programs, by NOTIFY and LISTEN. Hints, all of them (`R22`).
//!
//! A notification takes a lock of the whole server when it is committed. So it is never part of a transaction of ours
//! that records something, and what comes within a few milliseconds is sent together. Only in a transaction of
//! somebody else's there is no other way: see [`Statements::enqueue_in`].

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::connect::{Connect, Connected, drive};
use super::fault::failed;
use super::lane::Lane;
use super::limit::Limit;
use super::statements::{READY, Statements};
use crate::backend::BackendError;
use crate::backend::store::{Listener, Wake};

/// How long announcements are gathered after some were sent.
const GATHER: Duration = Duration::from_millis(5);

/// Announcing more than so many processes at once is announcing everything.
const MANY: usize = 500;

/// The first pause after a connection for listening was lost, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long a subscriber waits at most until the server listens.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is still to be announced.
#[derive(Default)]
pub(super) struct Announcements {
    open: Mutex<BTreeSet<String>>,
    some: Notify,
}

impl Announcements {
    /// Adds some; they are sent by and by.
    pub(super) fn add(&self, wakes: &[Wake]) {
        if wakes.is_empty() {
            return;
        }
        let mut open = lock(&self.open);
        open.extend(wakes.iter().map(word));
        if open.len() > MANY {
            *open = BTreeSet::from([word(&Wake::Anything)]);
        }
        drop(open);
        self.some.notify_one();
    }

    /// Sends what is added, the first at once, for ever.
    pub(super) async fn send(self: Arc<Self>, lane: Arc<Lane>, sql: Arc<Statements>) {
        loop {
            self.some.notified().await;
            let words: Vec<String> = std::mem::take(&mut *lock(&self.open)).into_iter().collect();
            if let Err(error) = lane.query("announce", &sql.notify, &[(&words, Type::TEXT_ARRAY)]).await {
                tracing::debug!(%error, "an announcement was not sent");
            }
            sleep(GATHER).await;
        }
    }
}

/// Those who are told.
#[derive(Default)]
pub(super) struct Listeners {
    all: Mutex<Vec<Listener>>,
}

impl Listeners {
    /// Adds one; true for the first.
    pub(super) fn add(&self, listener: Listener) -> bool {
        let mut all = lock(&self.all);
        all.push(listener);
        all.len() == 1
    }

    fn tell(&self, wake: &Wake) {
        let all = lock(&self.all).clone();
        for listener in all {
            listener(wake.clone());
        }
    }
}

/// Listens until the listeners are gone; connects again whenever the connection is lost. `ready` becomes true when the
/// server listens for the first time.
pub(super) async fn listen(
    connect: Arc<dyn Connect>,
    sql: Arc<Statements>,
    listeners: Weak<Listeners>,
    limit: Duration,
    ready: watch::Sender<bool>,
) {
    let mut pause = PAUSES.0;
    let mut again = false;
    while listeners.strong_count() > 0 {
        let begun =
            Limit::of("listen", limit).hold(connect.making(), begin(&*connect, &sql, &listeners)).await;
        match begun.flatten() {
            Ok((client, driving)) => {
                pause = PAUSES.0;
                // Something may have been missed while nobody listened.
                if let Some(listeners) = listeners.upgrade().filter(|_| again) {
                    listeners.tell(&Wake::Anything);
                }
                again = true;
                ready.send_replace(true);
                // When this future is dropped the client is, too, and the connection ends.
                let _over = driving.await;
                drop(client);
            }
            Err(error) => tracing::debug!(%error, "notifications cannot be heard just now"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// A connection on which the server listens, and what moves its bytes.
async fn begin(
    connect: &dyn Connect,
    sql: &Statements,
    listeners: &Weak<Listeners>,
) -> Result<(Client, JoinHandle<()>), BackendError> {
    let fail = |error| failed("listen", error);
    let Connected { client, driver, .. } = connect.connect().await.map_err(fail)?;
    let told = listeners.clone();
    let driving = tokio::spawn(drive(driver, move |heard| {
        if let Some(listeners) = told.upgrade() {
            listeners.tell(&wake(heard));
        }
    }));
    client.batch_execute(&sql.listen).await.map_err(|error| fail(connect.unreachable(error)))?;
    Ok((client, driving))
}

/// Waits until the server listens, for a while: where it cannot, polling does it all.
pub(super) async fn listening(mut ready: watch::Receiver<bool>) {
    if timeout(PATIENCE, ready.wait_for(|ready| *ready)).await.is_err() {
        tracing::warn!("PostgreSQL does not send notifications; workers find jobs by polling");
    }
}

/// A wake-up as it is sent.
fn word(wake: &Wake) -> String {
    match wake {
        Wake::Ready => READY.to_owned(),
        Wake::Ended(key) => format!("e{key}"),
        Wake::Stopping(key) => format!("s{key}"),
        Wake::Anything => "a".to_owned(),
    }
}

/// What is sent, as a wake-up. Whatever is not known may be anything.
fn wake(word: &str) -> Wake {
    let key = || word.get(1..).and_then(|key| key.parse().ok());
    match word.as_bytes().first() {
        Some(b'r') => Wake::Ready,
        Some(b'e') => key().map_or(Wake::Anything, Wake::Ended),
        Some(b's') => key().map_or(Wake::Anything, Wake::Stopping),
        _ => Wake::Anything,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
