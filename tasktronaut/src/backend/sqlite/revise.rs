//! Changing one process as a whole.

use rusqlite::{OptionalExtension, params};

use super::error::{NAME, Trouble};
use super::row::{JOB, PROCESS, job_row, later, number, process_row, state_code};
use super::writer::Session;
use crate::backend::BackendError;
use crate::backend::store::{Change, Changes, JobUpdate, Key, Phase, Reviser, Snapshot};
use crate::definition::unwind::unwound;
use crate::plan::JobState;

/// Reads a process, has `change` say what becomes of it, and stores that.
pub(super) fn revise<T>(session: &Session<'_>, key: Key, change: Reviser<T>) -> Result<Option<T>, Trouble> {
    let Some(snapshot) = snapshot(session, key)? else { return Ok(None) };
    // The thread outlives a mistake in the rules, and the process stays as it was.
    let changes = unwound(|| change.revise(&snapshot)).map_err(|panic| BackendError::Store {
        backend: NAME,
        operation: "revise a process",
        source: panic.error().to_string().into(),
    })?;
    let (changes, answer) = changes?;
    store(session, &snapshot, &changes)?;
    Ok(Some(answer))
}

fn snapshot(session: &Session<'_>, key: Key) -> Result<Option<Snapshot>, Trouble> {
    let (conn, id) = (session.conn, key.cast_signed());
    let process = conn
        .prepare_cached(&format!("SELECT {PROCESS} FROM process WHERE key = ?1"))?
        .query_row([id], |row| Ok(process_row(row)))
        .optional()?;
    let Some(process) = process.transpose()? else { return Ok(None) };
    let jobs = conn
        .prepare_cached(&format!("SELECT {JOB} FROM job WHERE process = ?1 AND state NOT IN (4, 7)"))?
        .query_and_then([id], job_row)?
        .collect::<Result<_, _>>()?;
    let meetings = conn
        .prepare_cached("SELECT node, waits_for FROM meeting WHERE process = ?1")?
        .query_and_then([id], |row| Ok::<_, Trouble>((number(row, 0)?, number(row, 1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(Some(Snapshot { process, jobs, meetings }))
}

fn store(session: &Session<'_>, snapshot: &Snapshot, changes: &Changes) -> Result<(), Trouble> {
    let key = snapshot.process.key.cast_signed();
    if let Some(change) = &changes.process {
        store_change(session, key, change)?;
    }
    for job in &changes.jobs {
        store_job(session, snapshot, job)?;
    }
    let mut meeting = session.conn.prepare_cached(
        "INSERT INTO meeting (process, node, waits_for, lets_go) VALUES (?1, ?2, ?3, x'00000000')
         ON CONFLICT DO UPDATE SET waits_for = excluded.waits_for",
    )?;
    for (node, waits_for) in &changes.meetings {
        meeting.execute([key, i64::from(*node), i64::from(*waits_for)])?;
    }
    Ok(())
}

fn store_change(session: &Session<'_>, key: i64, change: &Change) -> Result<(), Trouble> {
    let ended_at = (change.phase == Phase::Ended).then_some(session.now);
    let deadline = change.deadline.map(|time| later(session.now, time));
    session
        .conn
        .prepare_cached(
            "UPDATE process SET phase = ?2, outcome = ?3, memo = ?4, ended_at = ?5, deadline = coalesce(?6, deadline)
             WHERE key = ?1",
        )?
        .execute(params![key, change.phase.code(), change.outcome, change.memo, ended_at, deadline])?;
    Ok(())
}

fn store_job(session: &Session<'_>, snapshot: &Snapshot, job: &JobUpdate) -> Result<(), Trouble> {
    let now = session.now;
    let due = (job.state == JobState::Waiting).then(|| later(now, job.due.unwrap_or_default()));
    // What runs keeps its worker and its lease; one that has none runs out at once, so that it is found. What stays
    // ready keeps its place in the line.
    session
        .conn
        .prepare_cached(
            "INSERT INTO job (process, node, route, state, rank, ready_at, attempt, nonce, failed, lost, undecoded,
                 event, error, due, ended_at, lease)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, iif(?4 = 2, ?6, NULL))
             ON CONFLICT DO UPDATE SET
                 route = excluded.route, state = excluded.state, attempt = excluded.attempt,
                 nonce = excluded.nonce, failed = excluded.failed, lost = excluded.lost,
                 undecoded = excluded.undecoded, event = excluded.event, error = excluded.error,
                 due = excluded.due, ended_at = excluded.ended_at,
                 ready_at = iif(state IN (1, 8), ready_at, excluded.ready_at),
                 worker = iif(excluded.state = 2, worker, NULL),
                 lease = iif(excluded.state = 2, coalesce(lease, excluded.lease), NULL)",
        )?
        .execute(params![
            snapshot.process.key.cast_signed(),
            job.node,
            job.route.cast_signed(),
            state_code(job.state, snapshot.process.paused),
            -i64::from(snapshot.process.priority),
            now,
            job.attempt,
            job.nonce,
            job.failed,
            job.lost,
            job.undecoded,
            job.event,
            job.error,
            due,
            job.state.is_final().then_some(now),
        ])?;
    Ok(())
}
