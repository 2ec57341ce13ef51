//! Where the processes are kept: by a URL, for workers and clients.

use std::time::Duration;

use tasktronaut::backend::PostgresStore;
use tasktronaut::backend::SqliteStore;
use tasktronaut::backend::{BackendError, Durable, RedisStore};

/// How long a server that is down is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does something with the backend of a URL, whichever it is.
#[macro_export]
macro_rules! with_backend {
    ($url:expr, $backend:ident => $then:expr) => {
        match $crate::place::kind_of($url) {
            $crate::place::Kind::Redis => {
                let $backend = $crate::place::redis($url).await;
                $then
            }
            $crate::place::Kind::Postgres => {
                let $backend = $crate::place::postgres($url).await;
                $then
            }
            $crate::place::Kind::Sqlite => {
                let $backend = $crate::place::sqlite($url).await;
                $then
            }
        }
    };
}

/// Which store a URL means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Redis,
    Postgres,
    Sqlite,
}

/// The kind of a URL.
pub fn kind_of(url: &str) -> Kind {
    match url {
        _ if url.starts_with("redis") || url.starts_with("valkey") => Kind::Redis,
        _ if url.starts_with("postgres") => Kind::Postgres,
        _ if url.starts_with("sqlite") => Kind::Sqlite,
        _ => panic!("`{url}` is no store"),
    }
}

pub async fn redis(url: &str) -> Durable<RedisStore> {
    Durable::new(open(async || RedisStore::open(url).await).await)
}

pub async fn postgres(url: &str) -> Durable<PostgresStore> {
    Durable::new(open(async || PostgresStore::open(url).await).await)
}

pub async fn sqlite(url: &str) -> Durable<SqliteStore> {
    Durable::new(open(async || SqliteStore::open(url)).await)
}

/// Opens a store, as soon as it answers.
async fn open<S>(open: impl AsyncFn() -> Result<S, BackendError>) -> S {
    let begun = std::time::Instant::now();
    loop {
        match open().await {
            Ok(store) => return store,
            Err(error) if begun.elapsed() < PATIENCE => {
                eprintln!("the store cannot be opened yet: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("the store cannot be opened: {error}"),
        }
    }
}
