//! Wake-ups between the programs of a host (`R22`): small datagrams, without a server.
//!
//! A program that listens has a socket in a folder beside the database, `album.db-wake`; who announces something
//! sends it to every socket there is. So a step of a process that another program can work on is heard of at once,
//! and what has ended is named, without anybody polling the file. Where there are no such sockets, because of the
//! system, the folder or the length of its path, a thread asks the database every 10 ms whether it has changed.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::error::{Trouble, refused};
use super::options::SqliteOptions;
use super::{connection, post};
use crate::backend::store::{Listener, Wake};

/// How often the database is asked where there are no sockets.
const POLL: Duration = Duration::from_millis(10);

/// Those who are to be told.
#[derive(Default)]
struct Listeners(Mutex<Vec<Listener>>);

impl Listeners {
    fn add(&self, listener: Listener) -> bool {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.push(listener);
        listeners.len() == 1
    }

    fn tell(&self, wake: &Wake) {
        // They may subscribe in their turn, so that they are not called under the lock.
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for listener in listeners {
            listener(wake.clone());
        }
    }
}

/// Announces and listens.
pub(super) struct Wakes {
    listeners: Arc<Listeners>,
    post: post::Post,
}

impl Wakes {
    /// For the database of this path.
    pub fn new(path: &Path) -> Self {
        let mut folder = path.as_os_str().to_owned();
        folder.push("-wake");
        Self { listeners: Arc::default(), post: post::Post::new(folder.into()) }
    }

    /// Tells this program's listeners, and those of others.
    pub fn announce(&self, wakes: &[Wake]) {
        for wake in wakes {
            self.listeners.tell(wake);
        }
        self.post.send(wakes);
    }

    /// Adds a listener; the first one begins to listen to others.
    pub fn subscribe(&self, listener: Listener, path: &Path, options: &SqliteOptions) -> Result<(), Trouble> {
        if !self.listeners.add(listener) {
            return Ok(());
        }
        let listeners = Arc::downgrade(&self.listeners);
        let others = listeners.clone();
        let tell = move |wakes: &[Wake]| match others.upgrade() {
            Some(listeners) => {
                for wake in wakes {
                    listeners.tell(wake);
                }
                true
            }
            None => false,
        };
        if self.post.receive(tell) {
            return Ok(());
        }
        let conn = connection::reading(path, options)?;
        let thread =
            thread::Builder::new().name("sqlite-wake".to_owned()).spawn(move || poll(&conn, &listeners));
        thread.map_err(|error| refused(format!("no thread can be started: {error}")))?;
        Ok(())
    }
}

/// Looks whether the database has changed, as long as somebody listens.
fn poll(conn: &Connection, listeners: &Weak<Listeners>) {
    let mut seen = None;
    while let Some(listeners) = listeners.upgrade() {
        // A failure is told as a change: whoever looks will see what is wrong.
        let version: Option<i64> = conn.pragma_query_value(None, "data_version", |row| row.get(0)).ok();
        if version.is_none() || version != seen {
            listeners.tell(&Wake::Anything);
        }
        seen = version;
        drop(listeners);
        thread::sleep(POLL);
    }
}
