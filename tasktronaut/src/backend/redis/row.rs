//! Rows: what is kept of a process and of a job, read back.
//!
//! A job's record is 62 bytes; `scripts/work.lua` says which, and why in this order. Its numbers are little-endian.

use std::collections::HashMap;

use redis::Value;

use super::bytes::Unpacked;
use super::error::corrupt;
use super::reply::{fields, number};
use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::backend::store::{Fence, JobRow, Key, Phase, ProcessRow};
use crate::plan::JobState;

/// The states in the order of their numbers.
const STATES: [JobState; 8] = [
    JobState::Blocked,
    JobState::Ready,
    JobState::Running,
    JobState::Waiting,
    JobState::Succeeded,
    JobState::Failed,
    JobState::Cancelled,
    JobState::Skipped,
];
/// The size of a record.
const RECORD: usize = 62;
/// The field beside the records that belongs to the process.
const HEAD: &[u8] = b"h";
/// The flags of a record that say what is kept beside it.
const HAS_EVENT: u8 = 1;
const HAS_ERROR: u8 = 2;

/// The number of a state.
pub(super) fn state_code(state: JobState) -> u8 {
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

/// The row of a process, as HGETALL gives it.
pub(super) fn process(key: Key, row: Value) -> Result<ProcessRow, BackendError> {
    let what = format!("process {key}");
    let mut fields: HashMap<Vec<u8>, Vec<u8>> = fields(&what, row)?.into_iter().collect();
    let mut bytes = |name: &str| {
        fields.remove(name.as_bytes()).ok_or_else(|| corrupt(what.as_str(), format!("it has no {name}")))
    };
    let wrong = |name: &str| corrupt(what.as_str(), format!("its {name} makes no sense"));
    let mut text = |name: &str| String::from_utf8(bytes(name)?).map_err(|_| wrong(name));
    let identifier = text("identifier")?;
    let definition = text("definition")?;
    let mut number = |name: &str| text(name)?.parse::<i64>().map_err(|_| wrong(name));
    let created_at = number("created")?;
    let ended_at = Some(number("ended")?).filter(|at| *at > 0);
    let memo = bytes("memo")?;
    // Phase, whether it is paused and was resumed, outcome, priority (two bytes), deadline (eight).
    let head = bytes("h")?;
    let [phase, paused, outcome, low, high, ..] = head[..] else { return Err(wrong("head")) };
    let phase = Phase::from_code(phase).ok_or_else(|| wrong("phase"))?;
    let outcome = match outcome {
        0 => None,
        1..=3 => Some(outcome),
        _ => return Err(wrong("outcome")),
    };
    let (paused, priority) = (paused % 2 == 1, i16::from_le_bytes([low, high]));
    Ok(ProcessRow {
        key,
        identifier,
        definition,
        phase,
        outcome,
        memo,
        paused,
        priority,
        created_at,
        ended_at,
    })
}

/// The rows of jobs, as HGETALL gives them: their records, and what is kept beside them.
pub(super) fn jobs(key: Key, records: Value, notes: Value) -> Result<Vec<JobRow>, BackendError> {
    let what = format!("jobs of process {key}");
    let mut notes: HashMap<Vec<u8>, Vec<u8>> = fields(&what, notes)?.into_iter().collect();
    let mut rows = Vec::new();
    for (node, record) in fields(&what, records)? {
        if node == HEAD {
            continue;
        }
        let node = node_of(&what, &node)?;
        rows.push(job(key, node, &record, |letter| {
            let [a, b, c, d] = node.to_be_bytes();
            notes.remove(&[letter, a, b, c, d][..])
        })?);
    }
    rows.sort_unstable_by_key(|row| row.fence.node);
    Ok(rows)
}

/// The counts of meetings.
pub(super) fn meetings(key: Key, counts: Value) -> Result<Vec<(u32, u32)>, BackendError> {
    let what = format!("meetings of process {key}");
    let mut meetings = Vec::new();
    for (node, count) in fields(&what, counts)? {
        let count = u32::try_from(number(&what, Value::BulkString(count))?);
        meetings.push((node_of(&what, &node)?, count.map_err(|_| corrupt(what.as_str(), "it is no count"))?));
    }
    meetings.sort_unstable();
    Ok(meetings)
}

fn node_of(what: &str, field: &[u8]) -> Result<u32, BackendError> {
    field.try_into().map(u32::from_be_bytes).map_err(|_| corrupt(what, "it is no node"))
}

fn job(
    key: Key,
    node: u32,
    record: &[u8],
    mut text_of: impl FnMut(u8) -> Option<Vec<u8>>,
) -> Result<JobRow, BackendError> {
    let what = format!("job {node} of process {key}");
    if record.len() != RECORD {
        return Err(corrupt(what, "its record has another size"));
    }
    let mut record = Unpacked::new(&what, record);
    let state = STATES.get(usize::from(record.byte()?)).copied();
    let state = state.ok_or_else(|| corrupt(what.as_str(), "there is no such state"))?;
    let at = time(record.long()?);
    let worker = Some(record.worker()?).filter(|worker| *worker != 0).map(WorkerId::from_u128);
    let claimed_at = time(record.long()?);
    let (attempt, nonce) = (record.word()?, record.word()?);
    let flags = record.byte()?;
    let (failed, lost, undecoded) = (record.word()?, record.word()?, record.word()?);
    let route = record.route()?;
    Ok(JobRow {
        fence: Fence { key, node, attempt, nonce },
        route,
        state,
        failed,
        lost,
        undecoded,
        event: if flags & HAS_EVENT == 0 { None } else { text_of(b'v') },
        error: if flags & HAS_ERROR == 0 { None } else { text_of(b'e') },
        worker,
        claimed_at,
        ended_at: at.filter(|_| state.is_final()),
        due_at: at.filter(|_| state == JobState::Waiting),
    })
}

fn time(millis: u64) -> Option<i64> {
    i64::try_from(millis).ok().filter(|millis| *millis > 0)
}

#[cfg(test)]
mod tests {
    use super::{STATES, job, state_code};
    use crate::backend::BackendError;

    #[test]
    fn a_state_has_the_number_of_its_place() {
        for (place, state) in STATES.into_iter().enumerate() {
            assert_eq!(usize::from(state_code(state)), place);
        }
    }

    #[test]
    fn nonsense_is_corrupt_and_nothing_worse() {
        for record in [&b""[..], &[0; 61], &[0; 63], &[8; 62], &[255; 62], b"{\"state\":1}"] {
            assert!(matches!(job(1, 2, record, |_| None), Err(BackendError::Corrupt { .. })), "{record:?}");
        }
        assert!(job(1, 2, &[0; 62], |_| None).is_ok());
    }
}
