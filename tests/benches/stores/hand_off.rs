//! From an enqueue to the claim by an idle worker: ours, and by hand.
//!
//! Both rest between two hand-overs, for a computer that has been idle is slower than one that is at it. By hand it is
//! one row that is inserted by one connection, a wake-up, and its claim by another connection, each on the disk.

use std::future::poll_fn;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tasktronaut::observer::{Attempt, Observer};
use tasktronaut::{AnyBackend, ProcessBuilder, Worker};
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::ours::registry;
use super::shapes::{Small, small};

/// How often something is handed over, after some that do not count.
const TIMES: usize = 200;
const BEFORE: usize = 10;

/// The rest between two.
const REST: Duration = Duration::from_millis(20);

const PATIENCE: Duration = Duration::from_secs(10);

/// Half of the times are shorter, and nearly all.
pub struct Percentiles {
    pub p50: Duration,
    pub p99: Duration,
}

impl Percentiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.drain(..BEFORE);
        times.sort();
        Self { p50: times[times.len() / 2], p99: times[times.len() * 99 / 100] }
    }
}

/// When the first hook of a process was claimed.
struct Claims(Mutex<Sender<Instant>>);

impl Observer for Claims {
    fn claimed(&self, attempt: &Attempt<'_>) {
        if attempt.job() == 0
            && let Ok(told) = self.0.lock()
        {
            let _ = told.send(Instant::now());
        }
    }
}

/// An enqueue, and the claim by an idle worker of two slots.
pub async fn ours(backend: &AnyBackend) -> Percentiles {
    let (told, claims) = mpsc::channel();
    let registry = registry();
    let worker = Worker::new(backend.clone())
        .registry(&registry)
        .concurrency(2)
        .observer(Claims(Mutex::new(told)))
        .start()
        .expect("a worker");
    let claims = Arc::new(Mutex::new(claims));
    let mut times = Vec::new();
    for n in 0..BEFORE + TIMES {
        // The worker is idle when the last process has ended.
        tokio::time::sleep(REST).await;
        let process = ProcessBuilder::<Small>::new(small(n)).build().expect("a process");
        let begun = Instant::now();
        let handle = process.enqueue(backend).await.expect("enqueued");
        times.push(told_at(&claims).await.duration_since(begun));
        handle.wait().await.expect("completed");
    }
    worker.shutdown().await;
    Percentiles::of(times)
}

async fn told_at(claims: &Arc<Mutex<Receiver<Instant>>>) -> Instant {
    let claims = Arc::clone(claims);
    let claimed = tokio::task::spawn_blocking(move || {
        let claims = claims.lock().expect("the channel");
        claims.recv_timeout(PATIENCE).expect("claimed")
    });
    claimed.await.expect("a thread")
}

/// One commit inserts, and wakes another thread, whose commit claims.
pub async fn sqlite(file: &std::path::Path) -> Percentiles {
    let open = || {
        let connection = rusqlite::Connection::open(file).expect("a database");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, payload BLOB);
                 CREATE INDEX IF NOT EXISTS ready ON job (id) WHERE state = 0;",
            )
            .expect("a table");
        connection
    };
    let (inserts, claims) = (open(), open());
    let (wake, woken) = mpsc::channel::<()>();
    let (told, heard) = mpsc::channel();
    let claiming = std::thread::spawn(move || {
        let claim =
            "UPDATE job SET state = 1 WHERE id = (SELECT id FROM job WHERE state = 0 LIMIT 1) RETURNING id";
        // Until nobody inserts any more.
        while woken.recv().is_ok() {
            claims.query_row(claim, [], |row| row.get::<_, i64>(0)).expect("a claim");
            told.send(Instant::now()).expect("somebody listens");
        }
    });
    let heard = Arc::new(Mutex::new(heard));
    let mut times = Vec::new();
    for _ in 0..BEFORE + TIMES {
        tokio::time::sleep(REST).await;
        let begun = Instant::now();
        inserts.execute("INSERT INTO job (state, payload) VALUES (0, zeroblob(60))", []).expect("a row");
        wake.send(()).expect("somebody listens");
        times.push(told_at(&heard).await.duration_since(begun));
    }
    drop(wake);
    claiming.join().expect("the other thread");
    Percentiles::of(times)
}

/// A commit inserts, a notification tells, and another connection claims.
pub async fn postgres(url: &str) -> Percentiles {
    let (told, mut notified) = tokio::sync::mpsc::unbounded_channel();
    let listener = {
        let (client, mut connection) = tokio_postgres::connect(url, NoTls).await.expect("PostgreSQL");
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if matches!(message, AsyncMessage::Notification(_)) {
                    let _ = told.send(());
                }
            }
        });
        client.batch_execute("LISTEN by_hand").await.expect("it listens");
        client
    };
    let connect = async || -> Client {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("PostgreSQL");
        tokio::spawn(connection);
        client
    };
    let (inserts, claims) = (connect().await, connect().await);
    inserts
        .batch_execute(
            "CREATE TABLE by_hand (id serial PRIMARY KEY, state int NOT NULL, payload bytea);
             CREATE INDEX ON by_hand (id) WHERE state = 0",
        )
        .await
        .expect("a table");
    let insert =
        inserts.prepare("INSERT INTO by_hand (state, payload) VALUES (0, $1)").await.expect("a statement");
    let notify = inserts.prepare("SELECT pg_notify('by_hand', '')").await.expect("a statement");
    let claim = claims
        .prepare(
            "UPDATE by_hand SET state = 1 WHERE id = (SELECT id FROM by_hand WHERE state = 0 LIMIT 1
             FOR UPDATE SKIP LOCKED) RETURNING id",
        )
        .await
        .expect("a statement");
    let mut times = Vec::new();
    for _ in 0..BEFORE + TIMES {
        tokio::time::sleep(REST).await;
        let begun = Instant::now();
        inserts.execute(&insert, &[&[b'x'; 60].as_slice()]).await.expect("a row");
        inserts.execute(&notify, &[]).await.expect("a notification");
        notified.recv().await.expect("the notification");
        claims.query_one(&claim, &[]).await.expect("a claim");
        times.push(begun.elapsed());
    }
    drop(listener);
    Percentiles::of(times)
}

/// A push, which wakes the other connection, whose pop is the claim.
pub async fn redis(url: &str) -> Percentiles {
    let url = url.split('?').next().unwrap_or(url);
    let client = redis::Client::open(url).expect("a URL");
    let connect = async || client.get_multiplexed_async_connection().await.expect("Redis");
    let (mut pushes, mut pops) = (connect().await, connect().await);
    let (told, mut popped) = tokio::sync::mpsc::unbounded_channel();
    let popping = tokio::spawn(async move {
        for _ in 0..BEFORE + TIMES {
            redis::cmd("BRPOP").arg("by-hand").arg(10).query_async::<()>(&mut pops).await.expect("a pop");
            let _ = told.send(Instant::now());
        }
    });
    let mut times = Vec::new();
    for n in 0..BEFORE + TIMES {
        tokio::time::sleep(REST).await;
        let begun = Instant::now();
        redis::cmd("LPUSH").arg("by-hand").arg(n).query_async::<()>(&mut pushes).await.expect("a push");
        times.push(popped.recv().await.expect("a pop").duration_since(begun));
    }
    popping.await.expect("the other connection");
    Percentiles::of(times)
}
