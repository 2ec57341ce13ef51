//! What goes wrong: servers that stop, forget scripts or have no memory left, and rows that make no sense.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{RedisResult, Value, cmd};
use tasktronaut::BackendError;
use tasktronaut::backend::redis::RedisStore;
use tasktronaut::backend::store::{Change, Changes, End, Phase, Recorded, Reviser, Store, Wake};
use tasktronaut_tests::server::Redis;

use crate::server;
use crate::shapes::{CaseResult, add, claim, end, fan, single, worker};

/// A client without a store.
pub async fn raw(server: &Redis, command: &redis::Cmd) -> RedisResult<Value> {
    let url = server.url("any");
    let client = redis::Client::open(url.split('?').next().unwrap_or_default())?;
    command.query_async(&mut client.get_multiplexed_async_connection().await?).await
}

/// The key of a process's jobs.
fn jobs_key(namespace: &str, key: u64) -> Vec<u8> {
    [format!("{{tasktronaut:{namespace}}}:j:").as_bytes(), &key.to_be_bytes()].concat()
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn what_is_acknowledged_survives_the_death_of_the_server() -> CaseResult {
    let Some(mut server) = Redis::start_durable() else { return Ok(()) };
    let store = RedisStore::open(&server.url("any")).await?;
    let worker = worker(&store).await?;
    add(&store, single("one")).await?;
    let fence = claim(&store, worker, 1).await?[0].fence;
    add(&store, single("two")).await?;
    server.kill();
    let lost = store.exchange(worker, vec![end(fence, 0)], 1).await;
    assert!(matches!(lost, Err(BackendError::Store { .. })), "{lost:?}");
    server.restart();
    // The same store finds the server again; the end counts once, however often it is sent.
    let exchange = store.exchange(worker, vec![end(fence, 0)], 10).await?;
    assert_eq!(exchange.recorded, [Recorded::Done]);
    assert_eq!(exchange.claims.len(), 1);
    assert_eq!(store.exchange(worker, vec![end(fence, 0)], 0).await?.recorded, [Recorded::Done]);
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn a_server_that_has_forgotten_the_scripts_is_taught_again() -> CaseResult {
    let Some(server) = Redis::start() else { return Ok(()) };
    let store = RedisStore::open(&server.url("any")).await?;
    add(&store, single("one")).await?;
    raw(&server, cmd("SCRIPT").arg("FLUSH")).await?;
    add(&store, single("two")).await?;
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r22_a_listener_hears_of_a_connection_that_was_lost() -> CaseResult {
    let Some(mut server) = Redis::start() else { return Ok(()) };
    let store = RedisStore::open(&server.url("any")).await?;
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    store.subscribe(Arc::new(move |wake| drop(sender.send(wake)))).await?;
    store.announce(&[Wake::Ended(7)]);
    assert_eq!(heard.recv().await, Some(Wake::Ended(7)));
    server.restart();
    assert_eq!(heard.recv().await, Some(Wake::Anything));
    store.announce(&[Wake::Ready]);
    assert_eq!(heard.recv().await, Some(Wake::Ready));
    Ok(())
}

/// A revision during which the server dies does not keep others waiting until its lock runs out.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn a_revision_that_lost_its_server_gives_its_lock_back() -> CaseResult {
    let Some(server) = Redis::start_durable() else { return Ok(()) };
    let store = RedisStore::open(&server.url("any")).await?;
    let key = add(&store, single("one")).await?;
    let server = Arc::new(Mutex::new(server));
    let mortal = Arc::clone(&server);
    let change = Change { phase: Phase::Flowing, outcome: None, memo: vec![7], deadline: None };
    let changes = Changes { process: Some(change), ..Changes::default() };
    let cut = Reviser::new(move |_| {
        mortal.lock().unwrap_or_else(PoisonError::into_inner).kill();
        Ok((changes, ()))
    });
    let lost = store.revise(key, cut).await;
    assert!(matches!(lost, Err(BackendError::Store { .. })), "{lost:?}");
    server.lock().unwrap_or_else(PoisonError::into_inner).restart();
    // The lock would last for five seconds.
    let next =
        store.revise(key, Reviser::new(|snapshot| Ok((Changes::default(), snapshot.process.memo.clone()))));
    let memo = tokio::time::timeout(Duration::from_secs(3), next).await??;
    assert_eq!(memo, Some(vec![]), "nothing of it was recorded");
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn announcements_become_fewer() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let store = RedisStore::open(&server.url("debounced")).await?;
    let heard = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&heard);
    let (sender, mut last) = tokio::sync::mpsc::unbounded_channel();
    let listener = move |wake| match wake {
        Wake::Ended(_) => drop(sender.send(())),
        _ => drop(counter.fetch_add(1, Ordering::Relaxed)),
    };
    store.subscribe(Arc::new(listener)).await?;
    for _ in 0..1_000 {
        store.announce(&[Wake::Ready]);
    }
    store.announce(&[Wake::Ended(1)]);
    last.recv().await.ok_or("it is not heard")?;
    assert!((1..100).contains(&heard.load(Ordering::Relaxed)));
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn a_server_that_drops_keys_is_refused() -> CaseResult {
    let Some(server) = Redis::start_with(&["--save", "", "--maxmemory-policy", "allkeys-lru"]) else {
        return Ok(());
    };
    let refused = RedisStore::open(&server.url("any")).await;
    assert!(matches!(&refused, Err(BackendError::Refused { reason, .. }) if reason.contains("noeviction")));
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn another_layout_is_refused() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    raw(server, cmd("HSET").arg("{tasktronaut:newer}:meta").arg("layout").arg("2")).await?;
    let refused = RedisStore::open(&server.url("newer")).await;
    assert!(matches!(&refused, Err(BackendError::Refused { reason, .. }) if reason.contains("layout 2")));
    Ok(())
}

/// An error half-way keeps what was before it; so a full server must refuse the first write.
#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r1_without_memory_nothing_is_half_written() -> CaseResult {
    let Some(server) = Redis::start() else { return Ok(()) };
    let store = RedisStore::open(&server.url("any")).await?;
    let worker = worker(&store).await?;
    let key = add(&store, single("one")).await?;
    let fence = claim(&store, worker, 1).await?[0].fence;
    raw(&server, cmd("CONFIG").arg("SET").arg("maxmemory").arg("1")).await?;
    let size = raw(&server, &cmd("DBSIZE")).await?;
    assert!(store.enqueue(vec![single("two")].into()).await.is_err());
    assert_eq!(raw(&server, &cmd("DBSIZE")).await?, size);
    let refused = store.exchange(worker, vec![end(fence, 0)], 0).await;
    raw(&server, cmd("CONFIG").arg("SET").arg("maxmemory").arg("0")).await?;
    let expected = if refused.is_ok() { Recorded::Lost } else { Recorded::Done };
    assert_eq!(store.exchange(worker, vec![end(fence, 0)], 0).await?.recorded, [expected]);
    assert_eq!(store.jobs(key).await?[0].state, tasktronaut::JobState::Succeeded);
    assert!(store.find("two").await?.is_none());
    Ok(())
}

/// Records that make no sense are set aside, and their neighbours work.
#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn a_corrupt_record_harms_no_neighbour() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let store = RedisStore::open(&server.url("garbage")).await?;
    let worker = worker(&store).await?;
    let node = 0_u32.to_be_bytes();
    let mut keys = Vec::new();
    for number in 0..6 {
        keys.push(add(&store, single(&number.to_string())).await?);
    }
    for (key, garbage) in keys.iter().zip([&b""[..], b"nonsense", &[255; 62]]) {
        raw(server, cmd("HSET").arg(jobs_key("garbage", *key)).arg(&node).arg(garbage)).await?;
        assert!(matches!(store.jobs(*key).await, Err(BackendError::Corrupt { .. })));
        let revised = store.revise(*key, Reviser::new(|_| Ok((Changes::default(), ())))).await;
        assert!(matches!(revised, Err(BackendError::Corrupt { .. })));
    }
    raw(server, cmd("SET").arg(jobs_key("garbage", keys[3])).arg("no hash")).await?;
    raw(server, cmd("ZADD").arg("{tasktronaut:garbage}:ready:0000000000000007").arg(-1e15).arg("odd"))
        .await?;
    let claims = claim(&store, worker, 10).await?;
    assert_eq!(claims.iter().map(|claim| claim.fence.key).collect::<Vec<_>>(), keys[4..]);
    let aside = raw(server, cmd("ZCARD").arg("{tasktronaut:garbage}:corrupt")).await?;
    assert_eq!(aside, Value::Int(5));
    // One end is of a record that has become garbage since; the other one counts.
    raw(server, cmd("HSET").arg(jobs_key("garbage", keys[4])).arg(&node).arg("x")).await?;
    let ends = claims.iter().map(|claim| end(claim.fence, 0)).collect();
    let exchange = store.exchange(worker, ends, 0).await?;
    assert_eq!(exchange.recorded, [Recorded::Revise, Recorded::Done]);
    let beat = store.beat(worker, true, 3).await?;
    assert!(beat.held.is_empty());
    for key in keys {
        assert!(store.delete(key, false).await?);
    }
    Ok(())
}

/// A meeting that makes no sense spoils its own end only; what that end has counted down before is as it was.
#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r5_a_meeting_that_makes_no_sense_spoils_its_own_end_only() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let store = RedisStore::open(&server.url("meetings")).await?;
    let worker = worker(&store).await?;
    let key = add(&store, fan("album", 2)).await?;
    let first = claim(&store, worker, 1).await?[0].fence;
    let claims = store.exchange(worker, vec![end(first, 2)], 2).await?.claims;
    let meetings = [b"{tasktronaut:meetings}:m:".as_slice(), &key.to_be_bytes()].concat();
    raw(server, cmd("HSET").arg(meetings).arg(&9_u32.to_be_bytes()).arg("garbage")).await?;
    let mut ends: Vec<End> = claims.iter().map(|claim| end(claim.fence, 2)).collect();
    ends[0].then.meetings.push(9);
    let exchange = store.exchange(worker, ends, 5).await?;
    assert_eq!(exchange.recorded, [Recorded::Revise, Recorded::Done]);
    assert!(exchange.claims.is_empty(), "one has still to come");
    let exchange = store.exchange(worker, vec![end(claims[0].fence, 2)], 5).await?;
    assert_eq!(exchange.claims.iter().map(|claim| claim.fence.node).collect::<Vec<_>>(), [3]);
    Ok(())
}

/// A revision that is too slow changes nothing.
#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn a_lock_that_has_run_out_is_not_believed() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let store = RedisStore::open(&server.url("slow")).await?;
    let key = add(&store, single("one")).await?;
    let worker = worker(&store).await?;
    let jobs = jobs_key("slow", key);
    let late = store.clone();
    let revision = late.revise(
        key,
        Reviser::new(move |snapshot| {
            let meetings = vec![(1, 1)];
            assert_eq!(snapshot.jobs.len(), 1);
            // As if its time were over.
            let expired = std::thread::scope(|scope| scope.spawn(|| expire(&jobs).is_ok()).join());
            assert!(expired.is_ok_and(|expired| expired));
            Ok((Changes { meetings, ..Changes::default() }, ()))
        }),
    );
    let refused = revision.await;
    assert!(matches!(refused, Err(BackendError::Store { .. })), "{refused:?}");
    assert_eq!(claim(&store, worker, 1).await?.len(), 1);
    let meetings = store
        .revise(key, Reviser::new(|snapshot| Ok((Changes::default(), snapshot.meetings.clone()))))
        .await?;
    assert_eq!(meetings, Some(Vec::new()));
    Ok(())
}

/// A revision whose time has run out leaves the lock alone that somebody else has got since.
#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn a_lock_of_somebody_else_is_left_alone() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let store = RedisStore::open(&server.url("taken")).await?;
    let key = add(&store, single("one")).await?;
    let worker = worker(&store).await?;
    let row = [b"{tasktronaut:taken}:p:".as_slice(), &key.to_be_bytes()].concat();
    for meetings in [vec![], vec![(1, 1)]] {
        let (has_changes, row) = (!meetings.is_empty(), row.clone());
        let changes = Changes { meetings, ..Changes::default() };
        let late = Reviser::new(move |_| {
            let taken = std::thread::scope(|scope| scope.spawn(|| take_over(&row).is_ok()).join());
            assert!(taken.is_ok_and(|taken| taken));
            Ok((changes, ()))
        });
        // One that changes nothing has nothing to be refused.
        assert_eq!(store.revise(key, late).await.is_err(), has_changes);
        assert!(claim(&store, worker, 1).await?.is_empty(), "it is still locked");
        let jobs = jobs_key("taken", key);
        assert!(
            std::thread::scope(|scope| scope.spawn(|| expire(&jobs).is_ok()).join()).is_ok_and(|over| over)
        );
    }
    Ok(())
}

/// A queue that names what is running already gives it to nobody a second time.
#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r3_a_queue_is_not_believed() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let store = RedisStore::open(&server.url("queue")).await?;
    let key = add(&store, single("one")).await?;
    let worker = worker(&store).await?;
    let fence = claim(&store, worker, 1).await?[0].fence;
    let member = [&key.to_be_bytes()[..], &0_u32.to_be_bytes()].concat();
    raw(server, cmd("ZADD").arg("{tasktronaut:queue}:ready:0000000000000007").arg(1).arg(member)).await?;
    raw(server, cmd("SADD").arg("{tasktronaut:queue}:routes").arg(&7_u64.to_be_bytes())).await?;
    assert!(claim(&store, worker, 1).await?.is_empty());
    assert_eq!(store.exchange(worker, vec![end(fence, 0)], 0).await?.recorded, [Recorded::Done]);
    Ok(())
}

/// Gives the lock of a process to somebody else.
fn take_over(row: &[u8]) -> CaseResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = server().ok_or("there is no server")?;
        raw(server, cmd("HSET").arg(row).arg("lock").arg("somebody")).await?;
        Ok(())
    })
}

/// Has the lock of a process end now.
fn expire(jobs: &[u8]) -> CaseResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let server = server().ok_or("there is no server")?;
        let Value::BulkString(mut head) = raw(server, cmd("HGET").arg(jobs).arg("h")).await? else {
            return Err("it has no head".into());
        };
        head.truncate(13);
        head.extend_from_slice(&1_u64.to_be_bytes());
        raw(server, cmd("HSET").arg(jobs).arg("h").arg(head)).await?;
        Ok(())
    })
}
