//! A store in which somebody has spoilt five hundred processes: nothing panics, and their neighbours do not notice.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tasktronaut::backend::sqlite::{SqliteOptions, SqliteStore};
use tasktronaut::backend::{Durable, WorkerId};
use tasktronaut::prelude::*;

const SPOILT: usize = 500;
const NEIGHBOURS: usize = 40;
const PATIENCE: Duration = Duration::from_mins(1);

/// How many panics there were, in whatever thread.
static PANICS: AtomicUsize = AtomicUsize::new(0);

#[derive(Default)]
struct Parcel;

#[process]
impl Parcel {
    fn define_process(number: u64) {
        process! { seq { pack; par { weigh; label; sub Stamp; } send; } }
    }

    #[task]
    fn pack(&self, number: u64) {
        let _ = number;
    }

    #[task(retries = 1, backoff = "1ms")]
    #[allow(clippy::unused_async)] // an async task
    async fn weigh(&self, context: &Context, number: u64) -> Result<(), BoxError> {
        // Some need a second attempt.
        if number.is_multiple_of(3) && context.attempt() == 1 { Err("it slipped".into()) } else { Ok(()) }
    }

    #[task]
    fn label(&self) {}

    #[task]
    fn send(&self) {}
}

#[derive(Default)]
struct Stamp;

#[process]
impl Stamp {
    fn define_process() {
        process! { seq { lick; stick; } }
    }

    #[task]
    fn lick(&self) {}

    #[task]
    fn stick(&self) {}
}

/// Random numbers (`SplitMix64`), always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % limit
    }
}

/// Spoils one field of a process, in the rows that it has at present.
fn spoil(raw: &Connection, key: i64, dice: &mut Dice) {
    const NUMBERS: [(&str, &str, &str); 17] = [
        ("process", "key", "phase"),
        ("process", "key", "outcome"),
        ("process", "key", "paused"),
        ("process", "key", "rank"),
        ("process", "key", "ended_at"),
        ("process", "key", "deadline"),
        ("job", "process", "node"),
        ("job", "process", "route"),
        ("job", "process", "state"),
        ("job", "process", "attempt"),
        ("job", "process", "nonce"),
        ("job", "process", "failed"),
        ("job", "process", "lost"),
        ("job", "process", "undecoded"),
        ("job", "process", "ready_at"),
        ("meeting", "process", "waits_for"),
        ("meeting", "process", "node"),
    ];
    const VALUES: [i64; 9] = [-1, 0, 1, 3, 77, 4_294_967_295, 4_294_967_296, i64::MAX, i64::MIN];
    const BYTES: [(&str, &str, &str); 5] = [
        ("plan", "process", "plan"),
        ("process", "key", "memo"),
        ("job", "process", "event"),
        ("job", "process", "error"),
        ("meeting", "process", "lets_go"),
    ];
    if dice.below(2) == 0 {
        let (table, id, column) = NUMBERS[dice.below(NUMBERS.len())];
        let sql = format!("UPDATE OR IGNORE {table} SET {column} = ?1 WHERE {id} = ?2");
        // What the schema itself refuses cannot be spoilt so.
        let _ = raw.execute(&sql, [VALUES[dice.below(VALUES.len())], key]);
        return;
    }
    let (table, id, column) = BYTES[dice.below(BYTES.len())];
    let sql = format!("SELECT {column} FROM {table} WHERE {id} = ?1 LIMIT 1");
    let known: Option<Vec<u8>> = raw.query_row(&sql, [key], |row| row.get(0)).unwrap_or_default();
    let mut bytes = known.unwrap_or_default();
    match dice.below(4) {
        _ if bytes.is_empty() => bytes = (0..dice.below(40)).map(|_| random_byte(dice)).collect(),
        0 => bytes.truncate(dice.below(bytes.len())),
        1 => bytes.extend((0..dice.below(40)).map(|_| random_byte(dice)).collect::<Vec<_>>()),
        _ => {
            for _ in 0..=dice.below(4) {
                let at = dice.below(bytes.len());
                bytes[at] = random_byte(dice);
            }
        }
    }
    let sql = format!("UPDATE {table} SET {column} = ?1 WHERE {id} = ?2");
    let _ = raw.execute(&sql, rusqlite::params![bytes, key]);
}

fn random_byte(dice: &mut Dice) -> u8 {
    u8::try_from(dice.below(256)).unwrap()
}

fn parcels(prefix: &str, count: usize) -> Vec<Process> {
    let parcel = |number: usize| {
        Parcel::process(ParcelArgs { number: number as u64 }).identifier(format!("{prefix}-{number}")).build()
    };
    (0..count).map(|number| parcel(number).unwrap()).collect()
}

fn keys(raw: &Connection, prefix: &str) -> Vec<i64> {
    let mut statement = raw.prepare("SELECT key FROM process WHERE identifier GLOB ?1").unwrap();
    let keys = statement.query_map([format!("{prefix}-*")], |row| row.get(0)).unwrap();
    keys.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_spoilt_processes_harm_nobody() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        before(panic);
    }));
    let folder: PathBuf = std::env::temp_dir().join(format!("tasktronaut-{}", WorkerId::random()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("test.db");
    let backend = Durable::new(SqliteStore::open_with(SqliteOptions::new(&file)).unwrap());
    let client = Client::new(&backend);
    let mut dice = Dice(7);

    let (first, second) = (parcels("spoilt", SPOILT), parcels("good", NEIGHBOURS));
    for handle in client.enqueue_all(&first).await.into_iter().chain(client.enqueue_all(&second).await) {
        handle.unwrap();
    }
    let raw = Connection::open(&file).unwrap();
    raw.busy_timeout(PATIENCE).unwrap();
    let spoilt = keys(&raw, "spoilt");
    assert_eq!(spoilt.len(), SPOILT);
    // Half of them before anybody has begun, half while they are under way.
    for key in spoilt.iter().step_by(2) {
        spoil(&raw, *key, &mut dice);
    }
    let worker = Worker::new(backend.clone()).lease(Duration::from_secs(1)).start().unwrap();
    for key in spoilt.iter().skip(1).step_by(2) {
        spoil(&raw, *key, &mut dice);
    }
    for process in &second {
        let end = tokio::time::timeout(PATIENCE, client.handle(process.identifier()).wait()).await;
        end.expect("a neighbour ends in time").expect("a neighbour completes");
    }
    // Whoever looks at spoilt ones, or cancels them, gets an answer or an error.
    for process in first.iter().step_by(4) {
        let handle = client.handle(process.identifier());
        let _ = handle.status().await;
        let _ = handle.dump().await;
        let _ = handle.cancel("nobody knows what it is").await;
        let _ = handle.retry_failed().await;
    }
    let _ = client.list(&tasktronaut::backend::ProcessFilter::new()).await;
    // Leases run out, and what is cancelled ends.
    tokio::time::sleep(Duration::from_secs(3)).await;
    worker.shutdown().await;
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "nothing panics");
    let _ = std::fs::remove_dir_all(folder);
}
