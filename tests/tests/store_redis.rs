//! The contract of a store, on a private Redis server; without one the cases are ignored.

use std::sync::OnceLock;

use tasktronaut::BackendError;
use tasktronaut::backend::RedisStore;
use tasktronaut_tests::server::Redis;

/// One server for all cases: each has a namespace of its own.
static SERVER: OnceLock<Option<Redis>> = OnceLock::new();

async fn open(place: String) -> Result<RedisStore, BackendError> {
    let server = SERVER.get_or_init(Redis::start).as_ref().ok_or(BackendError::Closed)?;
    RedisStore::open(&server.url(&place)).await
}

mod contract {
    use super::open;

    tasktronaut::store_contract!(
        #[cfg_attr(no_redis, ignore = "Redis is not installed")]
        open
    );
}
