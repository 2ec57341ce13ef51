//! [`SqliteStore`]: processes in a file, for all programs of one host.

mod admin;
mod claims;
mod clock;
mod connection;
mod ends;
mod enqueue;
mod error;
mod exchange;
mod leases;
mod meetings;
mod nonce;
mod options;
mod post;
mod read;
mod revise;
mod row;
mod schema;
mod step;
mod wake;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use options::SqliteOptions;

use self::error::Trouble;
use self::read::Reader;
use self::wake::Wakes;
use self::writer::{Session, Writer};
use super::Durable;
use super::store::{
    Beat, End, Exchange, Fence, JobRow, Key, ListFilter, Listener, NewProcess, PlanRow, ProcessRow,
    Retention, Reviser, RouteId, Store, Stored, Stray, Wake,
};
use super::{BackendError, Capability, WorkerId};

/// Keeps processes in an SQLite database, which many programs of one host can work on at the same time.
///
/// # What survives
///
/// Whatever was acknowledged survives the end of the program, however it ends, and a power cut: every commit is
/// written to the disk (`synchronous=FULL`) before it is answered. When the disk is full, or another program keeps
/// the database for longer than [`SqliteOptions::busy_timeout`], an operation fails and has changed nothing.
///
/// # How it works
///
/// - One thread owns the connection that writes. Requests queue up for it, and all that wait are carried out in one
///   transaction: while one commit is on its way to the disk the next one gathers, so that a busy program does many
///   times more than the disk can sync.
/// - The leases have a thread and a connection of their own (`R7`), and so has reading, which waits for nobody.
/// - Jobs are claimed from an index that has them in their order, route by route; a long queue costs nothing.
/// - Programs wake each other with datagrams in the folder `album.db-wake`; see [`Store::announce`].
///
/// # Where the file can be
///
/// On a disk of this computer. A network file system may accept the write-ahead log and lose it later: programs on
/// different hosts would not see each other's locks. Next to `album.db` stand `album.db-wal` and `album.db-shm`,
/// which belong to it: to copy a database that is in use, use `VACUUM INTO` or the backup of the `sqlite3` program.
#[derive(Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    options: SqliteOptions,
    writer: Writer,
    leases: Writer,
    reader: Reader,
    wakes: Wakes,
}

impl SqliteStore {
    /// Opens the database of a URL, as in `sqlite:album.db`; see [`SqliteOptions`].
    pub fn open(url: &str) -> Result<Self, BackendError> {
        Self::open_with(url.parse()?)
    }

    /// Opens a database, and makes it where it is not there.
    pub fn open_with(options: SqliteOptions) -> Result<Self, BackendError> {
        open(options).map_err(|trouble| trouble.during("open the database"))
    }
}

fn open(options: SqliteOptions) -> Result<SqliteStore, Trouble> {
    let path = options.full_path()?;
    let shared = Shared {
        writer: Writer::start("sqlite-writer", connection::writing(&path, &options)?)?,
        leases: Writer::start("sqlite-leases", connection::writing(&path, &options)?)?,
        reader: Reader::start(connection::reading(&path, &options)?)?,
        wakes: Wakes::new(&path),
        path,
        options,
    };
    Ok(SqliteStore { shared: Arc::new(shared) })
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.shared.path).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn capability(&self) -> Capability {
        Capability::SQLITE
    }

    async fn enqueue(&self, processes: Arc<[NewProcess]>) -> Result<Vec<Stored>, BackendError> {
        let work = move |session: &mut Session<'_>| enqueue::enqueue(session, &processes);
        self.shared.writer.call("enqueue processes", work).await
    }

    async fn join(
        &self,
        worker: WorkerId,
        routes: Vec<RouteId>,
        lease: Duration,
    ) -> Result<(), BackendError> {
        let work = move |session: &mut Session<'_>| leases::join(session, worker, &routes, lease);
        self.shared.leases.call("enter a worker", work).await
    }

    async fn exchange(
        &self,
        worker: WorkerId,
        ends: Vec<End>,
        wanted: usize,
    ) -> Result<Exchange, BackendError> {
        let work = move |session: &mut Session<'_>| exchange::exchange(session, worker, &ends, wanted);
        self.shared.writer.call("record ends and claim jobs", work).await
    }

    async fn plans(&self, keys: &[Key]) -> Result<Vec<Option<PlanRow>>, BackendError> {
        let keys = keys.to_vec();
        self.shared.reader.call("read plans", move |conn, _| read::plans(conn, &keys)).await
    }

    async fn revise<T: Send + 'static>(
        &self,
        key: Key,
        change: Reviser<T>,
    ) -> Result<Option<T>, BackendError> {
        let work = move |session: &mut Session<'_>| revise::revise(session, key, change);
        self.shared.writer.call("revise a process", work).await
    }

    async fn beat(&self, worker: WorkerId, renew: bool, max_lost: u32) -> Result<Beat, BackendError> {
        let work = move |session: &mut Session<'_>| leases::beat(session, worker, renew, max_lost);
        self.shared.leases.call("renew leases", work).await
    }

    async fn give_back(
        &self,
        worker: WorkerId,
        fences: Option<Vec<Fence>>,
    ) -> Result<Vec<Fence>, BackendError> {
        let work = move |session: &mut Session<'_>| leases::give_back(session, worker, fences.as_deref());
        self.shared.leases.call("give jobs back", work).await
    }

    async fn find(&self, identifier: &str) -> Result<Option<ProcessRow>, BackendError> {
        let identifier = identifier.to_owned();
        self.shared.reader.call("find a process", move |conn, _| read::find(conn, &identifier)).await
    }

    async fn jobs(&self, key: Key) -> Result<Vec<JobRow>, BackendError> {
        self.shared.reader.call("read jobs", move |conn, _| read::jobs(conn, key)).await
    }

    async fn list(&self, filter: &ListFilter) -> Result<Vec<ProcessRow>, BackendError> {
        let filter = filter.clone();
        self.shared.reader.call("list processes", move |conn, _| read::list(conn, &filter)).await
    }

    async fn pause_process(&self, key: Key, paused: bool) -> Result<bool, BackendError> {
        let work = move |session: &mut Session<'_>| admin::pause_process(session, key, paused);
        self.shared.writer.call("pause a process", work).await
    }

    async fn pause_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        let queue = queue.to_owned();
        let work = move |session: &mut Session<'_>| admin::pause_queue(session, &queue, paused);
        self.shared.writer.call("pause a queue", work).await
    }

    async fn paused_queues(&self) -> Result<Vec<String>, BackendError> {
        self.shared.reader.call("read paused queues", |conn, _| read::paused_queues(conn)).await
    }

    async fn delete(&self, key: Key, only_ended: bool) -> Result<bool, BackendError> {
        let work = move |session: &mut Session<'_>| admin::delete(session, key, only_ended);
        self.shared.writer.call("remove a process", work).await
    }

    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize, BackendError> {
        let work = move |session: &mut Session<'_>| admin::sweep(session, retention, limit);
        self.shared.writer.call("remove old processes", work).await
    }

    async fn strays(&self) -> Result<Vec<Stray>, BackendError> {
        self.shared.reader.call("look for jobs that nobody can do", read::strays).await
    }

    fn announce(&self, wakes: &[Wake]) {
        self.shared.wakes.announce(wakes);
    }

    async fn subscribe(&self, listener: Listener) -> Result<(), BackendError> {
        let Shared { wakes, path, options, .. } = &*self.shared;
        wakes.subscribe(listener, path, options).map_err(|trouble| trouble.during("listen to other programs"))
    }
}

/// A backend in a [`SqliteStore`].
pub type SqliteBackend = Durable<SqliteStore>;

impl SqliteBackend {
    /// Opens the backend of a URL, see [`SqliteStore::open`].
    pub fn open(url: &str) -> Result<Self, BackendError> {
        Ok(Self::new(SqliteStore::open(url)?))
    }
}
