//! A connection that writes, and commits what has gathered in one go: on a thread of its own, or, where nobody else is
//! at it, on that of the caller.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, TryLockError, mpsc};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::clock::StoreClock;
use super::error::{Trouble, failed, refused};
use super::nonce::Nonces;
use crate::backend::{BackendError, WorkerId};
use crate::words::blocking;

/// So many requests share one commit at most, so that none of them waits long for the others.
const MOST: usize = 256;

/// A request, from the time it is sent until its answer is.
trait Request: Send {
    /// Does the work, within a transaction; false when it failed and must leave nothing behind.
    fn run(&mut self, session: &mut Session<'_>) -> bool;

    /// Tells the caller, now that the transaction is on the disk, or is not.
    fn tell(self: Box<Self>, committed: Result<(), Arc<rusqlite::Error>>);
}

struct Call<T, F> {
    operation: &'static str,
    work: Option<F>,
    result: Option<Result<T, BackendError>>,
    caller: oneshot::Sender<Result<T, BackendError>>,
}

impl<T, F> Request for Call<T, F>
where
    T: Send,
    F: FnOnce(&mut Session<'_>) -> Result<T, Trouble> + Send,
{
    fn run(&mut self, session: &mut Session<'_>) -> bool {
        let operation = self.operation;
        self.result = self.work.take().map(|work| work(session).map_err(|trouble| trouble.during(operation)));
        matches!(self.result, Some(Ok(_)))
    }

    fn tell(self: Box<Self>, committed: Result<(), Arc<rusqlite::Error>>) {
        let answer = match (self.result, committed) {
            // What was refused was refused, whatever became of the others.
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(failed(self.operation, error)),
            (Some(result), Ok(())) => result,
            (None, Ok(())) => Err(BackendError::Closed),
        };
        // A caller that waits no longer has no use for the answer.
        _ = self.caller.send(answer);
    }
}

/// What the work of one request may use.
pub(super) struct Session<'a> {
    pub conn: &'a Connection,
    /// The time of this transaction.
    pub now: i64,
    pub nonces: &'a mut Nonces,
    /// The routes of the workers that were seen here, each with the version of its row that they are of.
    pub routes: &'a mut HashMap<WorkerId, (i64, Arc<[i64]>)>,
}

/// Sends work to the connection. Its clones send to the same one, whose thread ends with the last of them.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Request>>,
    /// How many requests nobody has begun yet.
    waiting: Arc<AtomicUsize>,
    scribe: Arc<Mutex<Scribe>>,
}

impl Writer {
    /// Starts the thread.
    pub fn start(name: &str, conn: Connection) -> Result<Self, Trouble> {
        let (queue, requests) = mpsc::channel();
        let scribe =
            Scribe { conn, clock: StoreClock::default(), nonces: Nonces::default(), routes: HashMap::new() };
        let writer = Self { queue, waiting: Arc::default(), scribe: Arc::new(Mutex::new(scribe)) };
        let (waiting, scribe) = (Arc::clone(&writer.waiting), Arc::clone(&writer.scribe));
        let serve = move || serve(&requests, &waiting, &scribe);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(serve);
        thread.map_err(|error| refused(format!("no thread can be started: {error}")))?;
        Ok(writer)
    }

    /// Has work done within a transaction of its own, as far as it can tell, and answers once that is on the disk. Where
    /// the caller may block, nobody else is at it and nobody waits, it is done right here: two changes of threads take
    /// about as long as the work.
    pub async fn call<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, BackendError> {
        let (caller, answer) = oneshot::channel();
        let request = Box::new(Call { operation, work: Some(work), result: None, caller });
        if !blocking::is_allowed() || self.waiting.load(Ordering::SeqCst) > 0 {
            self.send(request)?;
        } else {
            match self.scribe.try_lock() {
                Ok(mut scribe) => scribe.commit(vec![request]),
                Err(TryLockError::WouldBlock) => self.send(request)?,
                Err(TryLockError::Poisoned(_)) => return Err(BackendError::Closed),
            }
        }
        answer.await.unwrap_or(Err(BackendError::Closed))
    }

    fn send(&self, request: Box<dyn Request>) -> Result<(), BackendError> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.queue.send(request).map_err(|_| BackendError::Closed)
    }
}

/// The life of the thread.
fn serve(requests: &mpsc::Receiver<Box<dyn Request>>, waiting: &AtomicUsize, scribe: &Mutex<Scribe>) {
    while let Ok(first) = requests.recv() {
        // Where work panicked nobody knows what the connection is at; then there is an end of it.
        let Ok(mut scribe) = scribe.lock() else { return };
        let batch: Vec<_> = std::iter::once(first).chain(requests.try_iter().take(MOST - 1)).collect();
        waiting.fetch_sub(batch.len(), Ordering::SeqCst);
        scribe.commit(batch);
    }
}

/// The connection, and what is remembered from one transaction to the next.
struct Scribe {
    conn: Connection,
    clock: StoreClock,
    nonces: Nonces,
    routes: HashMap<WorkerId, (i64, Arc<[i64]>)>,
}

impl Scribe {
    /// Does the work of requests, and answers them.
    fn commit(&mut self, mut batch: Vec<Box<dyn Request>>) {
        let committed = self.transact(&mut batch).map_err(Arc::new);
        if committed.is_err() && !self.conn.is_autocommit() {
            // Where this fails, too, SQLite has rolled back already, or the next transaction says what is wrong.
            _ = self.conn.execute_batch("ROLLBACK");
        }
        for request in batch {
            request.tell(committed.clone());
        }
    }

    /// Runs requests in one transaction.
    fn transact(&mut self, batch: &mut [Box<dyn Request>]) -> Result<(), rusqlite::Error> {
        self.execute("BEGIN IMMEDIATE")?;
        let now = self.clock.read(&self.conn)?;
        let before = self.conn.total_changes();
        if let [request] = batch {
            if !self.run(now, request.as_mut()) {
                return self.execute("ROLLBACK");
            }
        } else {
            for request in batch {
                self.execute("SAVEPOINT request")?;
                if !self.run(now, request.as_mut()) {
                    // Where the disk was full SQLite has rolled back everything, and this says so.
                    self.execute("ROLLBACK TO request")?;
                }
                self.execute("RELEASE request")?;
            }
        }
        if self.conn.total_changes() != before {
            StoreClock::keep(&self.conn, now)?;
        }
        self.execute("COMMIT")
    }

    fn run(&mut self, now: i64, request: &mut dyn Request) -> bool {
        let Self { conn, nonces, routes, .. } = self;
        request.run(&mut Session { conn, now, nonces, routes })
    }

    fn execute(&self, sql: &str) -> Result<(), rusqlite::Error> {
        self.conn.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::{Trouble, Writer};
    use crate::backend::sqlite::schema;

    /// Whether a request is acknowledged that adds this row.
    async fn is_added(writer: &Writer, row: i64) -> bool {
        let add = move |session: &mut super::Session<'_>| {
            session.conn.execute("INSERT INTO child VALUES (?1)", [row]).map_err(Trouble::from)
        };
        writer.call("add a row", add).await.is_ok()
    }

    #[tokio::test]
    async fn r1_what_could_not_be_committed_is_not_acknowledged() {
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        schema::migrate(&mut conn).unwrap();
        // A child without its parent is noticed by the commit, and by nothing before.
        let tables = "PRAGMA foreign_keys = ON;
            CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE child (id INTEGER PRIMARY KEY REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO parent VALUES (1), (2), (3);";
        conn.execute_batch(tables).unwrap();
        let writer = Writer::start("test", conn).unwrap();
        assert!(is_added(&writer, 1).await);
        assert!(!is_added(&writer, 77).await);
        assert!(is_added(&writer, 2).await, "it was rolled back");
        // Two that share a commit.
        let held = writer.scribe.lock().unwrap();
        let both = futures_of(&writer);
        drop(held);
        assert_eq!(both.await, (false, false));
        assert!(is_added(&writer, 3).await);
    }

    /// Two requests, sent at once; the answers follow.
    fn futures_of(writer: &Writer) -> impl Future<Output = (bool, bool)> {
        let mut both = (Box::pin(is_added(writer, 3)), Box::pin(is_added(writer, 77)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(both.0.as_mut().poll(&mut context).is_pending());
        assert!(both.1.as_mut().poll(&mut context).is_pending());
        async move { (both.0.await, both.1.await) }
    }
}
