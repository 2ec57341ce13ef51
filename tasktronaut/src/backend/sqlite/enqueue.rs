//! Adding processes (`R1`, `R2`).

use rusqlite::{OptionalExtension, params};

use super::error::Trouble;
use super::row::{later, state_code, then_bytes};
use super::writer::Session;
use crate::backend::store::{Meeting, NewProcess, Stored};
use crate::plan::JobState;

/// Adds processes, in one transaction.
pub(super) fn enqueue(session: &mut Session<'_>, processes: &[NewProcess]) -> Result<Vec<Stored>, Trouble> {
    processes.iter().map(|process| add(session, process)).collect()
}

fn add(session: &mut Session<'_>, new: &NewProcess) -> Result<Stored, Trouble> {
    let (conn, now) = (session.conn, session.now);
    let rank = -i64::from(new.priority);
    let key: Option<i64> = conn
        .prepare_cached(
            "INSERT INTO process (identifier, definition, rank, created_at, deadline) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (identifier) DO NOTHING RETURNING key",
        )?
        .query_row(
            params![new.identifier, new.definition, rank, now, new.deadline.map(|time| later(now, time))],
            |row| row.get(0),
        )
        .optional()?;
    let Some(key) = key else {
        let key: i64 = conn
            .prepare_cached("SELECT key FROM process WHERE identifier = ?1")?
            .query_row([&new.identifier], |row| row.get(0))?;
        return Ok(Stored::Known(key.cast_unsigned()));
    };
    conn.prepare_cached("INSERT OR REPLACE INTO plan (process, plan) VALUES (?1, ?2)")?
        .execute(params![key, new.plan])?;
    let (state, due) = match new.start_after.is_zero() {
        true => (JobState::Ready, None),
        false => (JobState::Waiting, Some(later(now, new.start_after))),
    };
    conn.prepare_cached(
        "INSERT INTO job (process, node, route, state, rank, ready_at, due) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        key,
        new.first.node,
        new.first.route.cast_signed(),
        state_code(state, false),
        rank,
        now,
        due
    ])?;
    for meeting in &new.meetings {
        add_meeting(session, key, meeting)?;
    }
    Ok(Stored::Created(key.cast_unsigned()))
}

fn add_meeting(session: &Session<'_>, key: i64, meeting: &Meeting) -> Result<(), Trouble> {
    session
        .conn
        .prepare_cached("INSERT INTO meeting (process, node, waits_for, lets_go) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![key, meeting.node, meeting.waits_for, then_bytes(&meeting.then)])?;
    Ok(())
}
