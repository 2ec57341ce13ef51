//! Workers and their leases, on a connection and a thread of their own (`R7`): what keeps the writer busy does not
//! keep a worker from showing that it lives.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::error::{Trouble, sound};
use super::read::paused_queues;
use super::row::{fence, milliseconds, routes_bytes, worker_bytes};
use super::writer::Session;
use crate::backend::WorkerId;
use crate::backend::store::{Beat, Fence, Key, RouteId};

/// Enters a worker, or enters it again.
pub(super) fn join(
    session: &mut Session<'_>,
    worker: WorkerId,
    routes: &[RouteId],
    lease: Duration,
) -> Result<(), Trouble> {
    let version = session.nonces.number();
    session
        .conn
        .prepare_cached(
            "INSERT INTO worker (id, version, lease, seen_at, routes) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET version = excluded.version, lease = excluded.lease,
                 seen_at = excluded.seen_at, routes = excluded.routes",
        )?
        .execute(params![
            worker_bytes(worker),
            version,
            milliseconds(lease),
            session.now,
            routes_bytes(routes)
        ])?;
    Ok(())
}

/// A worker's sign of life, and what it must know.
pub(super) fn beat(
    session: &Session<'_>,
    worker: WorkerId,
    renew: bool,
    max_lost: u32,
) -> Result<Beat, Trouble> {
    let (conn, now, id) = (session.conn, session.now, worker_bytes(worker));
    let lease: Option<i64> = conn
        .prepare_cached("UPDATE worker SET seen_at = ?2 WHERE id = ?1 RETURNING lease")?
        .query_row(params![id, now], |row| row.get(0))
        .optional()?;
    if renew && let Some(lease) = lease {
        conn.prepare_cached("UPDATE job SET lease = ?2 WHERE state = 2 AND worker = ?1")?
            .execute(params![id, now.saturating_add(lease)])?;
    }
    Ok(Beat {
        reaped: take_back(session, max_lost)?,
        expired: expired(session, max_lost)?,
        held: held(session, worker)?,
        stopping: stopping(session, worker)?,
        overdue: overdue(session)?,
        paused: paused_queues(session.conn)?,
    })
}

/// Takes leases back that have run out, with one statement that re-checks as it writes (`R8`). Attempt and nonce
/// stay, so that a late result is still taken (`R4`).
fn take_back(session: &Session<'_>, max_lost: u32) -> Result<usize, Trouble> {
    Ok(session
        .conn
        .prepare_cached(
            "UPDATE job SET worker = NULL, lease = NULL, lost = lost + 1, ready_at = ?1,
                 state = CASE (SELECT paused FROM process WHERE key = process) WHEN 0 THEN 1 ELSE 8 END
             WHERE state = 2 AND lease <= ?1 AND (process, node) IN
                 (SELECT process, node FROM job JOIN process ON key = process
                  WHERE state = 2 AND lease <= ?1 AND lost + 1 < ?2 AND phase = 0 ORDER BY lease LIMIT 100)",
        )?
        .execute([session.now, i64::from(max_lost)])?)
}

/// Leases that have run out and that only a revision can deal with.
fn expired(session: &Session<'_>, max_lost: u32) -> Result<Vec<Fence>, Trouble> {
    let mut statement = session.conn.prepare_cached(
        "SELECT process, node, attempt, nonce FROM job WHERE state = 2 AND lease <= ?1
             AND NOT EXISTS (SELECT 1 FROM process WHERE key = process AND phase = 0 AND lost + 1 < ?2)
         ORDER BY lease LIMIT 100",
    )?;
    sound(statement.query_and_then([session.now, i64::from(max_lost)], fence)?)
}

fn held(session: &Session<'_>, worker: WorkerId) -> Result<Vec<Fence>, Trouble> {
    let sql = "SELECT process, node, attempt, nonce FROM job WHERE state = 2 AND worker = ?1";
    let mut statement = session.conn.prepare_cached(sql)?;
    sound(statement.query_and_then([worker_bytes(worker)], fence)?)
}

fn stopping(session: &Session<'_>, worker: WorkerId) -> Result<Vec<(Key, bool)>, Trouble> {
    let mut statement = session.conn.prepare_cached(
        "SELECT DISTINCT key, outcome IS 3 FROM job JOIN process ON key = process
         WHERE state = 2 AND worker = ?1 AND phase = 2",
    )?;
    let rows = statement
        .query_map([worker_bytes(worker)], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Active processes whose deadline has passed (`R15`): those that have their outcome are not active any more.
fn overdue(session: &Session<'_>) -> Result<Vec<Key>, Trouble> {
    let mut statement = session.conn.prepare_cached(
        "SELECT key FROM process
         WHERE deadline IS NOT NULL AND outcome IS NULL AND deadline <= ?1 AND phase IN (0, 1)
         ORDER BY deadline LIMIT 100",
    )?;
    let rows = statement.query_map([session.now], |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Gives jobs back, uncharged (`R18`): those of the fences, or all, and then the worker is forgotten. Those of
/// processes that are not flowing are left, and are the answer.
pub(super) fn give_back(
    session: &Session<'_>,
    worker: WorkerId,
    fences: Option<&[Fence]>,
) -> Result<Vec<Fence>, Trouble> {
    let held = held(session, worker)?;
    let mut statement = session.conn.prepare_cached(
        "UPDATE job SET worker = NULL, lease = NULL, nonce = 0, ready_at = ?3,
             state = CASE (SELECT paused FROM process WHERE key = process) WHEN 0 THEN 1 ELSE 8 END
         WHERE process = ?1 AND node = ?2 AND EXISTS (SELECT 1 FROM process WHERE key = process AND phase = 0)",
    )?;
    let mut left = Vec::new();
    let chosen = fences.map(|fences| fences.iter().collect::<HashSet<_>>());
    for fence in held {
        if chosen.as_ref().is_some_and(|chosen| !chosen.contains(&fence)) {
            continue;
        }
        if statement.execute([fence.key.cast_signed(), i64::from(fence.node), session.now])? == 0 {
            left.push(fence);
        }
    }
    if fences.is_none() {
        session.conn.prepare_cached("DELETE FROM worker WHERE id = ?1")?.execute([worker_bytes(worker)])?;
    }
    Ok(left)
}
