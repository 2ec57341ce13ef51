//! Between the rows of the database and the data of the store. Whatever makes no sense is [`BackendError::Corrupt`].

use std::borrow::Cow;
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::fault::{corrupt, unreadable};
use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::backend::store::{Fence, JobRow, Key, Phase, ProcessRow};
use crate::plan::JobState;
use crate::words::error::full_text;

/// Microseconds that no sum of two overflows: more than 30,000 years.
const FOREVER: i64 = 1 << 60;

/// What stands before a character that is written differently.
const ESCAPE: char = '\u{1b}';

/// The columns of [`process`], of the table `process p`.
pub(super) const PROCESS: &str = "p.key, p.identifier, p.definition, p.phase, p.outcome, p.memo, p.paused, \
                                  p.priority, p.created_at, p.ended_at";

/// The columns of [`job`], of the table `job j`.
pub(super) const JOB: &str = "j.process, j.node, j.attempt, j.nonce, j.route, j.state, j.failed, j.lost, \
                              j.undecoded, j.event, j.error, j.worker, j.claimed_at, j.ended_at, j.due_at";

/// A process, of the columns [`PROCESS`].
pub(super) fn process(row: &Row) -> Result<ProcessRow, BackendError> {
    let row = Named { row, what: "process" };
    Ok(ProcessRow {
        key: row.whole("key")?,
        identifier: read_text(row.get("identifier")?),
        definition: read_text(row.get("definition")?),
        phase: match u8::try_from(row.get::<i16>("phase")?).ok().and_then(Phase::from_code) {
            Some(phase) => phase,
            None => return Err(row.corrupt("there is no such phase")),
        },
        outcome: match row.get::<Option<i16>>("outcome")? {
            None => None,
            Some(1) => Some(1),
            Some(2) => Some(2),
            Some(3) => Some(3),
            Some(_) => return Err(row.corrupt("there is no such outcome")),
        },
        memo: row.get("memo")?,
        paused: row.get("paused")?,
        priority: row.get("priority")?,
        created_at: millis(row.get("created_at")?),
        ended_at: row.get::<Option<i64>>("ended_at")?.map(millis),
    })
}

/// A job, of the columns [`JOB`].
pub(super) fn job(row: &Row) -> Result<JobRow, BackendError> {
    let row = Named { row, what: "job" };
    let state = row.get::<i16>("state")?;
    Ok(JobRow {
        fence: Fence {
            key: row.whole("process")?,
            node: row.count("node")?,
            attempt: row.count("attempt")?,
            nonce: row.get::<i32>("nonce")?.cast_unsigned(),
        },
        route: row.whole("route")?,
        state: state_of(state).ok_or_else(|| row.corrupt("there is no such state"))?,
        failed: row.count("failed")?,
        lost: row.count("lost")?,
        undecoded: row.count("undecoded")?,
        event: row.get("event")?,
        error: row.get("error")?,
        worker: row.get::<Option<Uuid>>("worker")?.map(|worker| WorkerId::from_u128(worker.as_u128())),
        claimed_at: row.get::<Option<i64>>("claimed_at")?.map(millis),
        ended_at: row.get::<Option<i64>>("ended_at")?.map(millis),
        due_at: row.get::<Option<i64>>("due_at")?.map(millis),
    })
}

/// A row with what it is called in an error.
struct Named<'a> {
    row: &'a Row,
    what: &'static str,
}

impl Named<'_> {
    fn get<'b, T: FromSql<'b>>(&'b self, column: &str) -> Result<T, BackendError> {
        self.row
            .try_get(column)
            .map_err(|error| corrupt(self.what, format!("{column}: {}", full_text(&error))))
    }

    /// A number that is not negative.
    fn whole(&self, column: &str) -> Result<u64, BackendError> {
        let number = self.get::<i64>(column)?;
        u64::try_from(number).map_err(|_| self.corrupt(&format!("{column} is {number}")))
    }

    /// A number of 32 bits that is not negative.
    fn count(&self, column: &str) -> Result<u32, BackendError> {
        let number = self.get::<i64>(column)?;
        u32::try_from(number).map_err(|_| self.corrupt(&format!("{column} is {number}")))
    }

    fn corrupt(&self, reason: &str) -> BackendError {
        corrupt(self.what, reason.to_owned())
    }
}

/// The number of a state. Ready jobs of paused processes have one of their own, 8, that only the database knows.
pub(super) fn code_of(state: JobState) -> i16 {
    match state {
        JobState::Blocked => 0,
        JobState::Ready => 1,
        JobState::Running => 2,
        JobState::Waiting => 3,
        JobState::Succeeded => 4,
        JobState::Failed => 5,
        JobState::Cancelled => 6,
        JobState::Skipped => 7,
    }
}

fn state_of(code: i16) -> Option<JobState> {
    Some(match code {
        0 => JobState::Blocked,
        1 | 8 => JobState::Ready,
        2 => JobState::Running,
        3 => JobState::Waiting,
        4 => JobState::Succeeded,
        5 => JobState::Failed,
        6 => JobState::Cancelled,
        7 => JobState::Skipped,
        _ => return None,
    })
}

/// Fences of four columns of arrays, beginning with `first`. One that makes no sense is left out.
pub(super) fn fences(row: &Row, first: usize) -> Result<Vec<Fence>, BackendError> {
    let processes = list::<i64>(row, first)?;
    let nodes = list::<i64>(row, first + 1)?;
    let attempts = list::<i64>(row, first + 2)?;
    let nonces = list::<i32>(row, first + 3)?;
    let rows = processes.into_iter().zip(nodes).zip(attempts).zip(nonces);
    Ok(rows.filter_map(|(((process, node), attempt), nonce)| fence(process, node, attempt, nonce)).collect())
}

/// A fence; nothing, and a word in the log, for one that makes no sense.
pub(super) fn fence(process: i64, node: i64, attempt: i64, nonce: i32) -> Option<Fence> {
    let fence = (|| {
        Some(Fence {
            key: Key::try_from(process).ok()?,
            node: u32::try_from(node).ok()?,
            attempt: u32::try_from(attempt).ok()?,
            nonce: nonce.cast_unsigned(),
        })
    })();
    if fence.is_none() {
        tracing::warn!(process, node, attempt, "a job makes no sense and is left alone");
    }
    fence
}

/// An array in a column; none is an empty one.
pub(super) fn list<T: for<'a> FromSql<'a>>(row: &Row, column: usize) -> Result<Vec<T>, BackendError> {
    let list: Option<Vec<T>> = row.try_get(column).map_err(|error| unreadable("an answer", &error))?;
    Ok(list.unwrap_or_default())
}

/// A text as it goes in. The database keeps no zero character; whatever else is common stays as it is, and what begins
/// alike still does.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => escaped.extend([ESCAPE, '0']),
            ESCAPE => escaped.extend([ESCAPE, 'e']),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// A text as it comes out.
pub(super) fn read_text(text: String) -> String {
    if !text.contains(ESCAPE) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ESCAPE => plain.push(if characters.next() == Some('0') { '\0' } else { ESCAPE }),
            other => plain.push(other),
        }
    }
    plain
}

/// A duration as it goes in.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(FOREVER).min(FOREVER)
}

/// A duration as it comes out.
pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// A number of 64 bits as it goes in. One that is too large names nothing.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(-1)
}

/// A worker as it goes in.
pub(super) fn worker(worker: WorkerId) -> Uuid {
    Uuid::from_u128(worker.as_u128())
}

fn millis(micros: i64) -> i64 {
    micros.div_euclid(1000)
}
