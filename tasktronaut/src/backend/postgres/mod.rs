//! [`PostgresStore`]: processes in a PostgreSQL database, for workers on many machines.
//!
//! # What survives
//!
//! What is acknowledged survives the end of every program and a power cut of the server: each transaction asks for
//! `synchronous_commit = on`, whatever the defaults are. After a failover to a replica that is not synchronous, what was
//! acknowledged last may be missing.
//!
//! # How it works
//!
//! - Everything is in one schema, `tasktronaut` by default. It is created and brought up to date when the store is
//!   opened, by one program at a time; a schema that is newer than the program is refused.
//! - Each operation is one call of a function of that schema, so an exchange of hundreds of jobs is one round trip and
//!   one commit. Statements are prepared where the session is the connection's own, which it finds out by itself; a
//!   pooler in transaction mode may stand in between, PgBouncer as an example, and nothing is prepared there. Behind one
//!   there are no notifications: say where the server itself is ([`PostgresOptions::listen_on`]), or `listen=false`,
//!   and what other programs do is seen by polling.
//! - Exchanges, revisions, leases and reading have connections of their own, made when they are needed and again when
//!   they are lost. What was sent on one that was lost is sent once more on a new one; where that is lost as well the
//!   operation fails, and may be sent again.
//!
//! # Rights
//!
//! The role that opens the store for the first time needs `CREATE` on the database, or owns the schema. Others need
//!
//! ```sql
//! GRANT USAGE ON SCHEMA tasktronaut TO worker;
//! GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tasktronaut TO worker;
//! GRANT USAGE ON ALL SEQUENCES IN SCHEMA tasktronaut TO worker;
//! GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tasktronaut TO worker;
//! ```
//!
//! and nothing else: the functions have the rights of who calls them.

mod admin;
mod connect;
mod direct;
mod enqueue;
mod exchange;
mod fault;
mod lane;
mod leases;
mod limit;
mod options;
mod read;
mod revise;
mod row;
mod schema;
mod session;
mod statements;
mod store;
mod url;
mod wake;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{NoTls, Row, Socket};

pub use options::PostgresOptions;

use self::connect::{Connect, Connector};
use self::direct::Direct;
use self::fault::{failed, refused};
use self::lane::Lane;
use self::session::Parameters;
use self::statements::Statements;
use self::wake::{Announcements, Listeners};
use super::BackendError;
use super::Durable;
use super::store::Listener;
use crate::words::blocking;

/// How many exchanges one program has under way at the same time: while one waits for the disk, another works.
const EXCHANGES: usize = 4;

/// Processes in a PostgreSQL database, for workers on many machines; see the [module](self).
///
/// A clone is another handle on the same connections.
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    options: PostgresOptions,
    /// How connections are made that listen.
    listens_at: Arc<dyn Connect>,
    sql: Arc<Statements>,
    direct: Direct,
    work: Lane,
    change: Lane,
    leases: Lane,
    reads: Lane,
    announcements: Arc<Announcements>,
    listeners: Arc<Listeners>,
    listening: watch::Sender<bool>,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl PostgresStore {
    /// Opens the store of a URL, without encryption: see [`PostgresOptions`] for what the URL may say.
    pub async fn open(url: &str) -> Result<Self, BackendError> {
        let options = PostgresOptions::from_url(url)?;
        if options.config.get_ssl_mode() == SslMode::Require {
            return Err(refused(
                "its URL asks for encryption (`sslmode=require`), which is not built in; use \
                 `PostgresStore::open_with` and a connector of `postgres-native-tls` or `tokio-postgres-rustls`",
            ));
        }
        Self::open_with(options, NoTls).await
    }

    /// Opens a store with options and a TLS connector of one's own, as the crates `postgres-native-tls` and
    /// `tokio-postgres-rustls` make them.
    ///
    /// Who has a pool has both already: `deadpool-postgres` and `bb8-postgres` are made of a [`Config`] and a connector.
    /// The store makes up to twelve connections of its own with them: a lease must not wait until others give
    /// theirs back, and notifications need a connection that stays. To enqueue a process in a transaction on a
    /// connection of the pool, see [`Process::enqueue_in`](crate::Process::enqueue_in).
    ///
    /// ```no_run
    /// use tasktronaut::backend::{PostgresBackend, PostgresOptions, PostgresStore};
    /// use tokio_postgres::{Config, NoTls};
    ///
    /// # async fn example(config: Config) -> Result<(), tasktronaut::BackendError> {
    /// let store = PostgresStore::open_with(PostgresOptions::new(config), NoTls).await?;
    /// let backend = PostgresBackend::new(store);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`Config`]: tokio_postgres::Config
    pub async fn open_with<T>(options: PostgresOptions, tls: T) -> Result<Self, BackendError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let listens_at = options.listens_at.as_ref().unwrap_or(&options.config).clone();
        let listens_at = Arc::new(Connector::new(listens_at, tls.clone()));
        let connect: Arc<dyn Connect> = Arc::new(Connector::new(options.config.clone(), tls));
        let sql = Arc::new(Statements::of(&options.schema));
        let lane = |connections| Lane::new(connect.clone(), connections, options.timeout);
        let inner = Inner {
            direct: Direct::new(connect.clone(), options.timeout),
            work: lane(EXCHANGES),
            change: lane(2),
            leases: lane(1),
            reads: lane(2),
            announcements: Arc::default(),
            listeners: Arc::default(),
            listening: watch::Sender::new(false),
            tasks: Mutex::default(),
            listens_at,
            sql,
            options,
        };
        let store = Self { inner: Arc::new(inner) };
        let limit = store.work().limit("open the store");
        let loan = store.work().loan(&limit).await?;
        let migration = schema::migrate(loan.client(), &store.inner.options.schema);
        limit.hold("preparing its schema", migration).await??;
        loan.keep();
        let lane = Arc::new(Lane::new(connect, 1, store.inner.options.timeout));
        store.spawn(store.inner.announcements.clone().send(lane, store.inner.sql.clone()));
        Ok(store)
    }

    async fn listen(&self, listener: Listener) {
        if self.inner.listeners.add(listener) && self.inner.options.listen {
            let listeners = Arc::downgrade(&self.inner.listeners);
            let (connect, sql) = (self.inner.listens_at.clone(), self.inner.sql.clone());
            let (limit, ready) = (self.inner.options.timeout, self.inner.listening.clone());
            self.spawn(wake::listen(connect, sql, listeners, limit, ready));
        }
        if self.inner.options.listen {
            wake::listening(self.inner.listening.subscribe()).await;
        }
    }

    /// Runs something as long as the store is open.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let task = tokio::spawn(work).abort_handle();
        self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    fn sql(&self) -> &Statements {
        &self.inner.sql
    }

    /// Has one statement of an exchange done: right here, where the caller may block and nobody else is at it.
    async fn exchange_row(
        &self,
        operation: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Row, BackendError> {
        let done_here = blocking::is_allowed().then(|| self.inner.direct.query(operation, sql, parameters));
        let rows = match done_here.flatten() {
            Some(rows) => rows?,
            None => self.work().query(operation, sql, parameters).await?,
        };
        rows.into_iter().next().ok_or_else(|| failed(operation, "the server gave no row"))
    }

    /// The connections for exchanges.
    fn work(&self) -> &Lane {
        &self.inner.work
    }

    /// The connections for whatever else changes something.
    fn change(&self) -> &Lane {
        &self.inner.change
    }

    /// The connection for signs of life.
    fn leases(&self) -> &Lane {
        &self.inner.leases
    }

    /// The connections for reading.
    fn reads(&self) -> &Lane {
        &self.inner.reads
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let tasks = self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().for_each(AbortHandle::abort);
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresStore").field(&self.inner.options).finish()
    }
}

/// A backend in a [`PostgresStore`].
pub type PostgresBackend = Durable<PostgresStore>;

impl PostgresBackend {
    /// Opens the backend of a URL, see [`PostgresStore::open`].
    pub async fn open(url: &str) -> Result<Self, BackendError> {
        Ok(Self::new(PostgresStore::open(url).await?))
    }
}
