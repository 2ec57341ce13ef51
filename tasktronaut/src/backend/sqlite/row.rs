//! Rows as plain data, and back. What makes no sense is [`corrupt`].

use std::fmt::Display;
use std::time::Duration;

use rusqlite::{Row, RowIndex};

use super::error::{Trouble, corrupt};
use crate::backend::WorkerId;
use crate::backend::store::{Fence, JobRow, Key, Phase, ProcessRow, Release, Then};
use crate::plan::JobState;

/// The columns of [`process_row`].
pub(super) const PROCESS: &str =
    "key, identifier, definition, phase, outcome, memo, paused, rank, created_at, ended_at";

/// The columns of [`job_row`].
pub(super) const JOB: &str = "process, node, attempt, nonce, route, state, failed, lost, undecoded, event, error, \
     worker, claimed_at, ended_at, due";

/// The state of a ready job whose process is paused; the others have the number of their place in [`STATES`].
pub(super) const HELD: i64 = 8;

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

/// The number of a state, in a process that is paused or not.
pub(super) fn state_code(state: JobState, paused: bool) -> i64 {
    match STATES.iter().position(|known| *known == state) {
        Some(1) if paused => HELD,
        Some(code) => i64::try_from(code).unwrap_or(0),
        None => 0,
    }
}

/// A number that must fit its type.
pub(super) fn number<T: TryFrom<i64>>(row: &Row<'_>, at: impl RowIndex + Display) -> Result<T, Trouble> {
    fitting(at, row.get(at)?)
}

/// A number that must fit its type.
pub(super) fn fitting<T: TryFrom<i64>>(what: impl Display, number: i64) -> Result<T, Trouble> {
    T::try_from(number).map_err(|_| corrupt(format!("column {what}"), format!("{number} is out of range")))
}

/// A number that must fit its type, if there is one.
pub(super) fn optional<T: TryFrom<i64>>(
    row: &Row<'_>,
    at: impl RowIndex + Display,
) -> Result<Option<T>, Trouble> {
    row.get::<_, Option<i64>>(at)?.map(|number| fitting(at, number)).transpose()
}

/// The phase of a number.
pub(super) fn phase(code: i64) -> Result<Phase, Trouble> {
    let phase = u8::try_from(code).ok().and_then(Phase::from_code);
    phase.ok_or_else(|| corrupt("the phase of a process", format!("there is no phase {code}")))
}

/// Process, node, attempt and nonce, in the first four columns.
pub(super) fn fence(row: &Row<'_>) -> Result<Fence, Trouble> {
    Ok(Fence {
        key: row.get::<_, i64>(0)?.cast_unsigned(),
        node: number(row, 1)?,
        attempt: number(row, 2)?,
        nonce: number(row, 3)?,
    })
}

/// A process, from the columns [`PROCESS`].
pub(super) fn process_row(row: &Row<'_>) -> Result<ProcessRow, Trouble> {
    let outcome: Option<u8> = optional(row, 4)?;
    if outcome.is_some_and(|outcome| !(1..=3).contains(&outcome)) {
        return Err(corrupt("the outcome of a process", format!("there is no outcome {outcome:?}")));
    }
    Ok(ProcessRow {
        key: number::<Key>(row, 0)?,
        identifier: row.get(1)?,
        definition: row.get(2)?,
        phase: phase(row.get(3)?)?,
        outcome,
        memo: row.get(5)?,
        paused: row.get(6)?,
        priority: priority(row.get(7)?)?,
        created_at: row.get(8)?,
        ended_at: row.get(9)?,
    })
}

fn priority(rank: i64) -> Result<i16, Trouble> {
    let priority = rank.checked_neg().and_then(|priority| i16::try_from(priority).ok());
    priority.ok_or_else(|| corrupt("the rank of a process", format!("{rank} is out of range")))
}

/// A job, from the columns [`JOB`].
pub(super) fn job_row(row: &Row<'_>) -> Result<JobRow, Trouble> {
    let code: i64 = row.get(5)?;
    let state = match code {
        HELD => Some(JobState::Ready),
        _ => usize::try_from(code).ok().and_then(|code| STATES.get(code)).copied(),
    };
    Ok(JobRow {
        fence: fence(row)?,
        route: row.get::<_, i64>(4)?.cast_unsigned(),
        state: state.ok_or_else(|| corrupt("the state of a job", format!("there is no state {code}")))?,
        failed: number(row, 6)?,
        lost: number(row, 7)?,
        undecoded: number(row, 8)?,
        event: row.get(9)?,
        error: row.get(10)?,
        worker: row.get::<_, Option<Vec<u8>>>(11)?.map(|bytes| worker(&bytes)).transpose()?,
        claimed_at: row.get(12)?,
        ended_at: row.get(13)?,
        due_at: row.get(14)?,
    })
}

fn worker(bytes: &[u8]) -> Result<WorkerId, Trouble> {
    let bytes = bytes.try_into();
    let bytes = bytes.map_err(|_| corrupt("the worker of a job", "an identity has 16 bytes"))?;
    Ok(WorkerId::from_u128(u128::from_be_bytes(bytes)))
}

/// How a worker's identity is kept.
pub(super) fn worker_bytes(worker: WorkerId) -> [u8; 16] {
    worker.as_u128().to_be_bytes()
}

/// A duration in milliseconds, rounded up so that nothing comes too early.
pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

/// A moment later by a duration; the end of time where that cannot be counted.
pub(super) fn later(now: i64, duration: Duration) -> i64 {
    now.saturating_add(milliseconds(duration))
}

/// Routes, one after the other.
pub(super) fn routes_bytes(routes: &[u64]) -> Vec<u8> {
    routes.iter().flat_map(|route| route.to_le_bytes()).collect()
}

/// Routes from [`routes_bytes`].
pub(super) fn routes(bytes: &[u8]) -> Result<Vec<i64>, Trouble> {
    let (routes, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(corrupt("the routes of a worker", "a route has 8 bytes"));
    }
    Ok(routes.iter().map(|route| i64::from_le_bytes(*route)).collect())
}

/// What a meeting lets go: how many jobs, the jobs, the meetings.
pub(super) fn then_bytes(then: &Then) -> Vec<u8> {
    let mut bytes = u32::try_from(then.releases.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
    for release in &then.releases {
        bytes.extend(release.node.to_le_bytes());
        bytes.extend(release.route.to_le_bytes());
        bytes.push(u8::from(release.concludes));
    }
    bytes.extend(then.meetings.iter().flat_map(|meeting| meeting.to_le_bytes()));
    bytes
}

/// What a meeting lets go, from [`then_bytes`].
pub(super) fn then(bytes: &[u8]) -> Result<Then, Trouble> {
    let broken = || corrupt("what a meeting lets go", "it ends in the middle");
    let (count, rest) = bytes.split_first_chunk::<4>().ok_or_else(broken)?;
    let length = usize::try_from(u32::from_le_bytes(*count)).ok().and_then(|count| count.checked_mul(13));
    let (releases, meetings) = length.and_then(|length| rest.split_at_checked(length)).ok_or_else(broken)?;
    let (releases, _) = releases.as_chunks::<13>();
    let (meetings, rest) = meetings.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(broken());
    }
    let release = |bytes: &[u8; 13]| {
        let [n0, n1, n2, n3, r0, r1, r2, r3, r4, r5, r6, r7, concludes] = *bytes;
        Release {
            node: u32::from_le_bytes([n0, n1, n2, n3]),
            route: u64::from_le_bytes([r0, r1, r2, r3, r4, r5, r6, r7]),
            concludes: concludes != 0,
        }
    };
    Ok(Then {
        releases: releases.iter().map(release).collect(),
        meetings: meetings.iter().map(|meeting| u32::from_le_bytes(*meeting)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_meeting_lets_go_is_read_as_it_was_written() {
        let release = |node| Release { node, route: u64::from(node) << 31, concludes: node % 2 == 0 };
        for (releases, meetings) in [(0, 0), (3, 0), (0, 4), (5, 2)] {
            let written =
                Then { releases: (0..releases).map(release).collect(), meetings: (0..meetings).collect() };
            let bytes = then_bytes(&written);
            assert_eq!(then(&bytes).unwrap(), written);
            for end in 0..bytes.len() {
                // A cut between two meetings cannot be seen.
                if end < 4 + 13 * written.releases.len() || !(bytes.len() - end).is_multiple_of(4) {
                    assert!(then(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
                }
            }
        }
        assert!(then(&u32::MAX.to_le_bytes()).is_err());
    }

    #[test]
    fn durations_are_rounded_up() {
        assert_eq!(milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(milliseconds(Duration::from_millis(7)), 7);
        assert_eq!(later(5, Duration::MAX), i64::MAX);
    }
}
