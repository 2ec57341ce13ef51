//! What speaks as Redis does.

use std::sync::LazyLock;

use tasktronaut::BackendError;
use tasktronaut::backend::RedisStore;
use tasktronaut_tests::server::Redis;

fn start(version: &str) -> Redis {
    Redis::start_version(version).unwrap_or_else(|| panic!("{version} is not installed; see tests/servers"))
}

mod redis_6_2 {
    use super::{BackendError, LazyLock, Redis, RedisStore};

    static SERVER: LazyLock<Redis> = LazyLock::new(|| super::start("redis-6.2"));

    async fn open(place: String) -> Result<RedisStore, BackendError> {
        RedisStore::open(&SERVER.url(&place)).await
    }

    tasktronaut::store_contract!(
        #[cfg_attr(no_redis_6, ignore = "there is no Redis 6.2 for this computer")]
        open
    );
}

mod valkey_9 {
    use super::{BackendError, LazyLock, Redis, RedisStore};

    static SERVER: LazyLock<Redis> = LazyLock::new(|| super::start("valkey-9"));

    async fn open(place: String) -> Result<RedisStore, BackendError> {
        RedisStore::open(&SERVER.url(&place)).await
    }

    tasktronaut::store_contract!(
        #[cfg_attr(no_valkey, ignore = "there is no Valkey for this computer")]
        open
    );
}
