//! Connections that are lost: while nobody uses them, and between an operation and its answer.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::cmd;
use tasktronaut::backend::WorkerId;
use tasktronaut::backend::redis::{RedisBackend, RedisStore};
use tasktronaut::backend::store::{
    Change, Changes, End, How, Phase, Recorded, Reviser, Snapshot, Store, Stored, Then,
};
use tasktronaut::observer::Observer;
use tasktronaut::prelude::*;
use tasktronaut::{BackendError, EnqueueError};
use tasktronaut_tests::server::Redis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::faults::raw;
use crate::server;
use crate::shapes::{CaseResult, add, claim, end, fan, single, worker};

#[derive(Default)]
struct Greeting;

#[process(name = "greeting")]
impl Greeting {
    fn define_process(who: u32) {
        process! { seq { say_hello; } }
    }

    #[task]
    fn say_hello(&self) {}
}

fn greetings() -> Result<Vec<Process>, BoxError> {
    let one = |number| {
        Greeting::process(GreetingArgs { who: number }).identifier(format!("greet-{number}")).build()
    };
    Ok((0..5).map(one).collect::<Result<_, _>>()?)
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn the_first_call_after_a_restart_works() -> CaseResult {
    let Some(mut server) = Redis::start() else { return Ok(()) };
    let backend = RedisBackend::open(&server.url("any")).await?;
    let client = Client::new(&backend);
    client.enqueue_all(&greetings()?).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    server.restart();
    client.enqueue_all(&greetings()?).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(())
}

#[test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
fn a_store_outlives_the_runtime_that_opened_it() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    let store = runtime()?.block_on(RedisStore::open(&server.url("runtimes")))?;
    for identifier in ["one", "two"] {
        runtime()?.block_on(add(&store, single(identifier)))?;
    }
    Ok(())
}

/// Each is told what went wrong, in the same words: whoever looks for a passing fault must find one.
#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn all_that_were_enqueued_together_are_told_the_same() -> CaseResult {
    let Some(mut server) = Redis::start() else { return Ok(()) };
    let backend = RedisBackend::open(&server.url("any")).await?;
    server.stop();
    let answers = Client::new(&backend).enqueue_all(&greetings()?).await;
    let errors: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 5);
    for error in &errors {
        assert_eq!(error.to_string(), errors[0].to_string());
        let EnqueueError::Backend(BackendError::Store { source, .. }) = error else {
            return Err(format!("{error:?}").into());
        };
        assert!(matches!(source.source(), Some(cause) if cause.is::<redis::RedisError>()), "{source:?}");
    }
    Ok(())
}

/// Notes which calls have failed.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<String>>>);

impl Observer for Failures {
    fn failed(&self, call: &'static str, error: &BackendError) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{call}: {error}"));
    }
}

/// A worker that is idle uses each of its connections again, on its own threads, too.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn a_worker_whose_connections_are_lost_notices_nothing() -> CaseResult {
    let Some(server) = Redis::start() else { return Ok(()) };
    let backend = RedisBackend::open(&server.url("any")).await?;
    let failures = Failures::default();
    let worker = Worker::new(backend.clone()).observer(failures.clone()).start()?;
    for process in greetings()? {
        process.enqueue(&backend).await?.wait().await?;
        raw(&server, cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").arg("SKIPME").arg("yes")).await?;
    }
    worker.shutdown().await;
    let failures = failures.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(failures.is_empty(), "{failures:?}");
    Ok(())
}

/// Stands between a store and its server. When it is told so, it closes the connection instead of passing on the next
/// answer: what was asked for has been done, and nobody is told.
struct Between {
    socket: PathBuf,
    swallow: Arc<AtomicBool>,
}

impl Between {
    fn new(server: &Redis, name: &str) -> std::io::Result<Self> {
        let url = server.url("any");
        let place = url.trim_start_matches("redis+unix://").split('?').next().unwrap_or_default().to_owned();
        let socket = PathBuf::from(format!("{place}-{name}"));
        let listener = UnixListener::bind(&socket)?;
        let swallow = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&swallow);
        tokio::spawn(async move {
            while let (Ok((client, _)), Ok(server)) =
                (listener.accept().await, UnixStream::connect(&place).await)
            {
                tokio::spawn(relay(client, server, Arc::clone(&told)));
            }
        });
        Ok(Self { socket, swallow })
    }

    async fn open(&self, namespace: &str) -> Result<RedisStore, BackendError> {
        RedisStore::open(&format!("redis+unix://{}?namespace={namespace}", self.socket.display())).await
    }

    fn swallow(&self) {
        self.swallow.store(true, Ordering::SeqCst);
    }

    /// Whether an answer was kept back since it was asked for.
    fn has_swallowed(&self) -> bool {
        !self.swallow.load(Ordering::SeqCst)
    }
}

async fn relay(mut client: UnixStream, mut server: UnixStream, swallow: Arc<AtomicBool>) {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            Ok(length @ 1..) = client.read(&mut asked) => {
                if server.write_all(&asked[..length]).await.is_err() { return }
            }
            Ok(length @ 1..) = server.read(&mut answered) => {
                let swallowed = swallow.swap(false, Ordering::SeqCst);
                if swallowed || client.write_all(&answered[..length]).await.is_err() { return }
            }
            else => return,
        }
    }
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r2_an_enqueue_that_was_not_answered_is_found() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let between = Between::new(server, "enqueue")?;
    let store = between.open("lost_enqueue").await?;
    let first = add(&store, single("first")).await?;
    between.swallow();
    let stored = store.enqueue(vec![single("first"), single("second")].into()).await?;
    assert!(between.has_swallowed());
    let second = store.find("second").await?.ok_or("it is not there")?.key;
    assert_eq!(stored, [Stored::Known(first), Stored::Known(second)]);
    let worker = worker(&store).await?;
    assert_eq!(claim(&store, worker, 9).await?.len(), 2);
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r4_r5_ends_that_were_not_answered_count_once() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let between = Between::new(server, "ends")?;
    let store = between.open("lost_ends").await?;
    let worker = worker(&store).await?;
    let key = add(&store, fan("album", 2)).await?;
    let first = claim(&store, worker, 1).await?[0].fence;
    between.swallow();
    assert_eq!(store.exchange(worker, vec![end(first, 2)], 0).await?.recorded, [Recorded::Done]);
    assert!(between.has_swallowed());
    let claims = claim(&store, worker, 9).await?;
    assert_eq!(claims.iter().map(|claim| claim.fence.node).collect::<Vec<_>>(), [1, 2]);
    let retry = End {
        fence: claims[0].fence,
        how: How::Retry(Duration::from_hours(1)),
        error: Some(b"busy".to_vec()),
        then: Then::default(),
        last: false,
    };
    between.swallow();
    let ends = vec![retry, end(claims[1].fence, 2)];
    assert_eq!(store.exchange(worker, ends, 9).await?.recorded, [Recorded::Done, Recorded::Done]);
    assert!(between.has_swallowed());
    let jobs = store.jobs(key).await?;
    let failed = jobs.iter().find(|job| job.fence.node == 1).map(|job| job.failed);
    assert_eq!(failed, Some(1));
    let waits_for = Reviser::new(|snapshot: &Snapshot| Ok((Changes::default(), snapshot.meetings.clone())));
    assert_eq!(store.revise(key, waits_for).await?, Some(vec![(3, 1)]));
    Ok(())
}

/// What was claimed and not told is held by the worker, who sees it with its next sign of life and gives it back.
#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn r3_claims_that_were_not_answered_are_seen_with_the_next_sign_of_life() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let between = Between::new(server, "claims")?;
    let store = between.open("lost_claims").await?;
    let worker = worker(&store).await?;
    add(&store, single("one")).await?;
    claim(&store, worker, 0).await?;
    between.swallow();
    assert!(claim(&store, worker, 9).await?.is_empty());
    assert!(between.has_swallowed());
    store.beat(worker, true, 3).await?;
    between.swallow();
    let held = store.beat(worker, true, 3).await?.held;
    assert!(between.has_swallowed());
    assert_eq!(held.len(), 1);
    store.give_back(worker, Some(vec![])).await?;
    between.swallow();
    assert_eq!(store.give_back(worker, Some(held)).await?, []);
    assert!(between.has_swallowed());
    assert_eq!(claim(&store, worker, 9).await?.len(), 1);
    Ok(())
}

/// Adds one to a memo; the answer is what it was before.
fn count(meanwhile: impl FnOnce() + Send + 'static) -> Reviser<Vec<u8>> {
    Reviser::new(move |snapshot: &Snapshot| {
        meanwhile();
        let before = snapshot.process.memo.clone();
        let memo = vec![before.first().copied().unwrap_or_default() + 1];
        let process = Some(Change { phase: Phase::Flowing, outcome: None, memo, deadline: None });
        Ok((Changes { process, ..Changes::default() }, before))
    })
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn a_revision_that_was_not_answered_is_made_once() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let between = Between::new(server, "revision")?;
    let store = between.open("lost_revision").await?;
    let key = add(&store, single("one")).await?;
    let revise = async |reviser| {
        let revision = store.revise(key, reviser);
        // A lock that is not given back lasts for five seconds.
        Ok::<_, BoxError>(tokio::time::timeout(Duration::from_secs(3), revision).await??)
    };
    assert_eq!(revise(count(|| ())).await?, Some(vec![]));
    between.swallow();
    assert_eq!(revise(count(|| ())).await?, Some(vec![1]), "the answer to taking the lock is lost");
    assert!(between.has_swallowed());
    let swallow = Arc::clone(&between.swallow);
    let lose = move || swallow.store(true, Ordering::SeqCst);
    assert_eq!(revise(count(lose)).await?, Some(vec![2]), "the answer to giving it back is lost");
    assert!(between.has_swallowed());
    assert_eq!(revise(count(|| ())).await?, Some(vec![3]));
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_redis, ignore = "Redis is not installed")]
async fn what_people_ask_for_may_be_done_twice() -> CaseResult {
    let Some(server) = server() else { return Ok(()) };
    let between = Between::new(server, "people")?;
    let store = between.open("lost_people").await?;
    let key = add(&store, single("one")).await?;
    let other = add(&store, single("two")).await?;
    let worker = worker(&store).await?;
    store.pause_process(other, false).await?;
    store.delete(other, true).await?;
    between.swallow();
    assert!(store.pause_process(key, true).await?);
    assert!(between.has_swallowed());
    between.swallow();
    store.pause_queue("slow", true).await?;
    assert!(between.has_swallowed());
    assert_eq!(store.beat(worker, true, 3).await?.paused, ["slow"]);
    assert_eq!(
        claim(&store, worker, 9).await?.iter().map(|claim| claim.fence.key).collect::<Vec<_>>(),
        [other]
    );
    between.swallow();
    assert!(!store.delete(key, false).await?, "nothing is left of it");
    assert!(between.has_swallowed());
    assert!(store.find("one").await?.is_none());
    between.swallow();
    store.join(WorkerId::random(), vec![], Duration::ZERO).await?;
    assert!(between.has_swallowed());
    Ok(())
}
