//! The rules of every backend, on a private Redis server: a namespace for each case.

use std::sync::OnceLock;

use tasktronaut::backend::store::Retention;
use tasktronaut::backend::{BackendError, RedisBackend, RedisStore};
use tasktronaut::testing::Opener;
use tasktronaut_tests::server::Redis;

/// One server for all cases.
static SERVER: OnceLock<Option<Redis>> = OnceLock::new();

async fn store(place: &str) -> Result<RedisStore, BackendError> {
    let server = SERVER.get_or_init(Redis::start).as_ref().ok_or(BackendError::Closed)?;
    RedisStore::open(&server.url(place)).await
}

#[derive(Clone)]
struct Open;

impl Opener for Open {
    type Backend = RedisBackend;

    async fn open(&self, place: &str) -> Result<Self::Backend, BackendError> {
        Ok(RedisBackend::new(store(place).await?))
    }

    async fn open_retaining(
        &self,
        place: &str,
        retention: Retention,
    ) -> Option<Result<Self::Backend, BackendError>> {
        Some(store(place).await.map(|store| RedisBackend::with_retention(store, retention)))
    }
}

tasktronaut::backend_contract!(
    #[cfg_attr(no_redis, ignore = "Redis is not installed")]
    Open
);

mod scenario {
    use super::Open;

    tasktronaut::backend_scenarios!(
        #[cfg_attr(no_redis, ignore = "Redis is not installed")]
        Open
    );
}
