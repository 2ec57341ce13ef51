//! The Redis store, on private servers: the contract of a store, and what only Redis can do wrong. Where there is no
//! server program, the cases say so and are not run.

#[path = "store_redis/faults.rs"]
mod faults;
#[path = "store_redis/lost.rs"]
mod lost;
#[path = "store_redis/shapes.rs"]
mod shapes;
#[path = "store_redis/together.rs"]
mod together;

use std::sync::OnceLock;

use tasktronaut::BackendError;
use tasktronaut::backend::redis::RedisStore;
use tasktronaut_tests::server::Redis;

/// One server for all cases that do it no harm: each has a namespace of its own.
fn server() -> Option<&'static Redis> {
    static SERVER: OnceLock<Option<Redis>> = OnceLock::new();
    SERVER.get_or_init(Redis::start).as_ref()
}

async fn open(place: String) -> Result<RedisStore, BackendError> {
    RedisStore::open(&server().ok_or(BackendError::Closed)?.url(&place)).await
}

mod contract {
    use super::open;

    tasktronaut::store_contract!(
        #[cfg_attr(no_redis, ignore = "Redis is not installed")]
        open
    );
}
