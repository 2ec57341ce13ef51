//! Reading, on a connection of its own: readers and the writer do not wait for each other.

use std::collections::HashSet;
use std::sync::mpsc;
use std::thread;

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::clock::StoreClock;
use super::error::{Trouble, refused, sound};
use super::row::{JOB, PROCESS, fitting, job_row, process_row, routes};
use crate::backend::BackendError;
use crate::backend::store::{JobRow, Key, ListFilter, PlanRow, ProcessRow, Stray};

/// A worker that was seen so long ago may still come back and do what nobody else can.
const A_MINUTE: i64 = 60_000;

type Question = Box<dyn FnOnce(&Connection, &mut StoreClock) + Send>;

/// Asks the thread that reads. It sees everything that was committed before it is asked (`R19`).
#[derive(Clone)]
pub(super) struct Reader {
    queue: mpsc::Sender<Question>,
}

impl Reader {
    /// Starts the thread.
    pub fn start(conn: Connection) -> Result<Self, Trouble> {
        let (queue, questions) = mpsc::channel::<Question>();
        let serve = move || {
            let mut clock = StoreClock::default();
            while let Ok(question) = questions.recv() {
                question(&conn, &mut clock);
            }
        };
        let thread = thread::Builder::new().name("sqlite-reader".to_owned()).spawn(serve);
        thread.map_err(|error| refused(format!("no thread can be started: {error}")))?;
        Ok(Self { queue })
    }

    /// Has something read.
    pub async fn call<T: Send + 'static>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&Connection, &mut StoreClock) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, BackendError> {
        let (caller, answer) = oneshot::channel();
        let question: Question = Box::new(move |conn, clock| {
            _ = caller.send(read(conn, clock).map_err(|trouble| trouble.during(operation)));
        });
        self.queue.send(question).map_err(|_| BackendError::Closed)?;
        answer.await.unwrap_or(Err(BackendError::Closed))
    }
}

/// The plans of processes, in the order of the keys.
pub(super) fn plans(conn: &Connection, keys: &[Key]) -> Result<Vec<Option<PlanRow>>, Trouble> {
    let sql = "SELECT identifier, plan FROM process JOIN plan ON process = key WHERE key = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut plan = |key: &Key| {
        let row = statement
            .query_row([key.cast_signed()], |row| Ok(PlanRow { identifier: row.get(0)?, plan: row.get(1)? }));
        Ok(row.optional()?)
    };
    keys.iter().map(&mut plan).collect()
}

/// The queues that are paused.
pub(super) fn paused_queues(conn: &Connection) -> Result<Vec<String>, Trouble> {
    let mut statement = conn.prepare_cached("SELECT name FROM paused_queue")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The process of an identifier.
pub(super) fn find(conn: &Connection, identifier: &str) -> Result<Option<ProcessRow>, Trouble> {
    let sql = format!("SELECT {PROCESS} FROM process WHERE identifier = ?1");
    let row = conn.prepare_cached(&sql)?.query_row([identifier], |row| Ok(process_row(row)));
    row.optional()?.transpose()
}

/// All jobs of a process that have a row.
pub(super) fn jobs(conn: &Connection, key: Key) -> Result<Vec<JobRow>, Trouble> {
    let sql = format!("SELECT {JOB} FROM job WHERE process = ?1 ORDER BY node");
    let mut statement = conn.prepare_cached(&sql)?;
    statement.query_and_then([key.cast_signed()], job_row)?.collect()
}

/// Processes in the order of their keys.
pub(super) fn list(conn: &Connection, filter: &ListFilter) -> Result<Vec<ProcessRow>, Trouble> {
    let sql = format!(
        "SELECT {PROCESS} FROM process
         WHERE key > ?1 AND (?2 IS NULL OR definition = ?2) AND (?3 IS NULL OR coalesce(outcome, 0) = ?3)
             AND (?4 IS NULL OR substr(CAST(identifier AS BLOB), 1, length(?4)) = ?4)
         ORDER BY key LIMIT ?5"
    );
    let prefix = filter.prefix.as_deref().filter(|prefix| !prefix.is_empty()).map(str::as_bytes);
    let mut statement = conn.prepare_cached(&sql)?;
    sound(statement.query_and_then(
        params![
            i64::try_from(filter.after).unwrap_or(i64::MAX),
            filter.definition,
            filter.outcome,
            prefix,
            i64::try_from(filter.limit).unwrap_or(i64::MAX),
        ],
        process_row,
    )?)
}

/// Ready jobs of routes that no worker knows which was seen in the last minute (`R17`).
pub(super) fn strays(conn: &Connection, clock: &mut StoreClock) -> Result<Vec<Stray>, Trouble> {
    let since = clock.read(conn)?.saturating_sub(A_MINUTE);
    let mut known = HashSet::new();
    let mut workers = conn.prepare_cached("SELECT routes FROM worker WHERE seen_at >= ?1")?;
    for of_one in sound(workers.query_and_then([since], |row| routes(&row.get::<_, Vec<u8>>(0)?))?)? {
        known.extend(of_one);
    }
    let mut ready = conn.prepare_cached(
        "SELECT route, count(*), min(process), node FROM job WHERE state = 1 GROUP BY route ORDER BY route",
    )?;
    let strays = sound(ready.query_and_then([], |row| {
        let (route, count, key, node): (i64, i64, i64, i64) = row.try_into()?;
        let jobs = fitting("count", count)?;
        Ok((
            route,
            Stray {
                route: route.cast_unsigned(),
                jobs,
                example: (key.cast_unsigned(), fitting("node", node)?),
            },
        ))
    })?)?;
    Ok(strays.into_iter().filter(|(route, _)| !known.contains(route)).map(|(_, stray)| stray).collect())
}
