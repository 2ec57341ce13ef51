//! What another connection to the file brings about: a store that cannot be written to for a while, and a claim whose
//! answer never came.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tasktronaut::backend::sqlite::{SqliteBackend, SqliteOptions, SqliteStore};
use tasktronaut::backend::{BackendError, WorkerId};
use tasktronaut::observer::Observer;
use tasktronaut::prelude::*;
use tokio::sync::Notify;

const PATIENCE: Duration = Duration::from_mins(1);

/// What one task tells, and is told.
struct Told {
    attempts: AtomicUsize,
    begun: Notify,
    goes_on: Notify,
    dropped: Notify,
}

impl Told {
    const fn new() -> Self {
        let (begun, goes_on, dropped) = (Notify::const_new(), Notify::const_new(), Notify::const_new());
        Self { attempts: AtomicUsize::new(0), begun, goes_on, dropped }
    }
}

/// One for each case.
static TOLD: [Told; 3] = [Told::new(), Told::new(), Told::new()];

struct Guard(&'static Notify);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[derive(Default)]
struct Waiting;

#[process]
impl Waiting {
    fn define_process(case: usize) {
        process! { seq { wait; } }
    }

    #[task]
    async fn wait(&self, case: usize) {
        let told = &TOLD[case];
        let _guard = Guard(&told.dropped);
        told.attempts.fetch_add(1, Ordering::SeqCst);
        told.begun.notify_one();
        told.goes_on.notified().await;
    }
}

/// A file of its own, and a connection that can hold it.
struct Place {
    folder: PathBuf,
    backend: SqliteBackend,
    other: Connection,
}

impl Place {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tasktronaut-{}", WorkerId::random()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("locked.db");
        let options = SqliteOptions::new(&file).busy_timeout(Duration::from_millis(50));
        let backend = SqliteBackend::new(SqliteStore::open_with(options).unwrap());
        let other = Connection::open(file).unwrap();
        other.busy_timeout(PATIENCE).unwrap();
        Self { folder, backend, other }
    }

    async fn enqueue(&self, case: usize) -> Handle<SqliteBackend> {
        self.enqueue_after(case, Duration::ZERO).await
    }

    async fn enqueue_after(&self, case: usize, pause: Duration) -> Handle<SqliteBackend> {
        let process = Waiting::process(WaitingArgs { case }).start_after(pause).build().unwrap();
        process.enqueue(&self.backend).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn r7_a_worker_that_cannot_renew_stops_its_tasks_by_itself() {
    let (place, told) = (Place::new(), &TOLD[0]);
    let handle = place.enqueue(0).await;
    let worker = Worker::new(place.backend.clone()).lease(Duration::from_millis(900)).start().unwrap();
    soon(told.begun.notified()).await;
    place.other.execute_batch("BEGIN IMMEDIATE").unwrap();
    soon(told.dropped.notified()).await;
    place.other.execute_batch("ROLLBACK").unwrap();
    told.goes_on.notify_one();
    soon(handle.wait()).await.unwrap();
    assert!(told.attempts.load(Ordering::SeqCst) > 1);
    worker.shutdown().await;
}

/// Tells when an exchange has failed.
struct Failures(&'static Notify);

impl Observer for Failures {
    fn failed(&self, call: &'static str, _: &BackendError) {
        if call == "exchange" {
            self.0.notify_one();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_an_end_that_could_not_be_recorded_is_sent_again() {
    static FAILED: Notify = Notify::const_new();
    let (place, told) = (Place::new(), &TOLD[1]);
    let handle = place.enqueue(1).await;
    let worker = Worker::new(place.backend.clone()).observer(Failures(&FAILED)).start().unwrap();
    soon(told.begun.notified()).await;
    place.other.execute_batch("BEGIN IMMEDIATE").unwrap();
    told.goes_on.notify_one();
    // The end, and whatever else is asked for meanwhile.
    soon(told.dropped.notified()).await;
    for _ in 0..3 {
        soon(FAILED.notified()).await;
    }
    place.other.execute_batch("ROLLBACK").unwrap();
    soon(handle.wait()).await.unwrap();
    assert_eq!(told.attempts.load(Ordering::SeqCst), 1);
    worker.shutdown().await;
}

/// The answer to a claim was lost, so nobody runs the job; its worker renews its leases all together, and would renew
/// this one, too, for ever.
#[tokio::test(flavor = "multi_thread")]
async fn r8_a_claim_that_its_worker_never_heard_of_is_given_back() {
    let (place, told) = (Place::new(), &TOLD[2]);
    let worker = Worker::new(place.backend.clone()).lease(Duration::from_millis(600)).start().unwrap();
    let handle = place.enqueue_after(2, Duration::from_hours(1)).await;
    let claim = format!(
        "UPDATE job SET state = 2, due = NULL, attempt = 1, nonce = 77, worker = x'{}',
             lease = (SELECT now FROM clock) + 600, claimed_at = (SELECT now FROM clock)",
        worker.id()
    );
    // The worker has entered as soon as it has a row.
    let has_entered = || place.other.query_row("SELECT count(*) FROM worker", [], |row| row.get::<_, i64>(0));
    soon(async {
        while has_entered().unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(place.other.execute(&claim, []).unwrap(), 1);
    soon(told.begun.notified()).await;
    told.goes_on.notify_one();
    soon(handle.wait()).await.unwrap();
    worker.shutdown().await;
}
