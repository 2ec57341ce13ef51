//! Redis.

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, cmd};
use tasktronaut::backend::redis::RedisStore;
use tasktronaut_tests::server::Redis;

use super::dice::Dice;
use super::story::{Spoiler, spoilt_processes_harm_nobody};

/// What is kept of a process in hashes, one of which is in `plan:KEY`.
const HASHES: [&str; 4] = ["p", "j", "x", "m"];

/// A key of the namespace of this test.
fn key(kind: &str, process: u64) -> Vec<u8> {
    [b"{tasktronaut:spoilt}:", kind.as_bytes(), b":", &process.to_be_bytes()].concat()
}

async fn ask<T: FromRedisValue>(raw: &mut MultiplexedConnection, command: &redis::Cmd) -> T {
    command.query_async(raw).await.unwrap()
}

impl Spoiler for MultiplexedConnection {
    async fn spoil(&mut self, identifier: &str, dice: &mut Dice) {
        let process: u64 = ask(self, cmd("HGET").arg("{tasktronaut:spoilt}:ids").arg(identifier)).await;
        match dice.below(20) {
            0 => {
                let kind = *dice.one_of(&["p", "j", "x", "m", "plan"]);
                ask::<()>(self, cmd("DEL").arg(key(kind, process))).await;
            }
            1 => {
                let kind = *dice.one_of(&HASHES);
                ask::<()>(self, cmd("SET").arg(key(kind, process)).arg("no hash")).await;
            }
            2..=4 => {
                let mut plan: Vec<u8> = ask(self, cmd("GET").arg(key("plan", process))).await;
                dice.spoil(&mut plan);
                ask::<()>(self, cmd("SET").arg(key("plan", process)).arg(plan)).await;
            }
            _ => {
                let kind = *dice.one_of(&HASHES);
                let hash = key(kind, process);
                let mut fields: Vec<(Vec<u8>, Vec<u8>)> = ask(self, cmd("HGETALL").arg(&hash)).await;
                // The order of a hash is random.
                fields.sort_unstable();
                let (mut field, mut value) = match fields.is_empty() {
                    true => (vec![0, 0, 0, 1], Vec::new()),
                    false => dice.one_of(&fields).clone(),
                };
                match dice.below(8) {
                    0 => dice.spoil(&mut field),
                    1 => value = dice.number().to_string().into_bytes(),
                    _ => dice.spoil(&mut value),
                }
                ask::<()>(self, cmd("HSET").arg(&hash).arg(field).arg(value)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn spoilt_processes_in_redis_harm_nobody() {
    let server = Redis::start().expect("Redis is installed");
    let url = server.url("spoilt");
    let store = RedisStore::open(&url).await.unwrap();
    let client = redis::Client::open(url.split('?').next().unwrap()).unwrap();
    let raw = client.get_multiplexed_async_connection().await.unwrap();
    spoilt_processes_harm_nobody(store, raw).await;
}
