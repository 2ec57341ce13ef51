//! Pausing and removing.

use super::error::Trouble;
use super::row::milliseconds;
use super::writer::Session;
use crate::backend::store::{Key, Retention};

/// Workers that were not seen for so long are forgotten.
const AN_HOUR: i64 = 3_600_000;

/// Pauses a process, or lets it go on: what is ready is held, or let go.
pub(super) fn pause_process(session: &Session<'_>, key: Key, paused: bool) -> Result<bool, Trouble> {
    let (conn, key) = (session.conn, key.cast_signed());
    let found = conn
        .prepare_cached("UPDATE process SET paused = ?2 WHERE key = ?1")?
        .execute([key, i64::from(paused)])?;
    let (from, to) = if paused { (1, 8) } else { (8, 1) };
    conn.prepare_cached("UPDATE job SET state = ?3 WHERE process = ?1 AND state = ?2")?
        .execute([key, from, to])?;
    Ok(found > 0)
}

/// Notes that a queue is paused, or not any more.
pub(super) fn pause_queue(session: &Session<'_>, queue: &str, paused: bool) -> Result<(), Trouble> {
    let sql = match paused {
        true => "INSERT OR IGNORE INTO paused_queue (name) VALUES (?1)",
        false => "DELETE FROM paused_queue WHERE name = ?1",
    };
    session.conn.prepare_cached(sql)?.execute([queue])?;
    Ok(())
}

/// Removes a process and everything of it.
pub(super) fn delete(session: &Session<'_>, key: Key, only_ended: bool) -> Result<bool, Trouble> {
    let (conn, key) = (session.conn, key.cast_signed());
    let found = conn
        .prepare_cached("DELETE FROM process WHERE key = ?1 AND (phase = 3 OR NOT ?2)")?
        .execute([key, i64::from(only_ended)])?;
    if found == 0 {
        return Ok(false);
    }
    for sql in [
        "DELETE FROM plan WHERE process = ?1",
        "DELETE FROM job WHERE process = ?1",
        "DELETE FROM meeting WHERE process = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([key])?;
    }
    Ok(true)
}

/// Removes what has ended long enough ago (`R20`), and workers that were not seen for an hour.
pub(super) fn sweep(session: &Session<'_>, retention: Retention, limit: usize) -> Result<usize, Trouble> {
    let (conn, limit) = (session.conn, i64::try_from(limit).unwrap_or(i64::MAX));
    let mut keys = Vec::new();
    // Whatever is no completion is kept as long as a failure.
    let kinds = [
        (Some(1), retention.completed),
        (Some(2), retention.failed),
        (Some(3), retention.failed),
        (None, retention.failed),
    ];
    for (outcome, kept) in kinds {
        let mut statement = conn.prepare_cached(
            "SELECT key FROM process
             WHERE outcome IS ?1 AND ended_at IS NOT NULL AND ended_at <= ?2 AND phase = 3
             ORDER BY ended_at LIMIT ?3",
        )?;
        let before = session.now.saturating_sub(milliseconds(kept));
        let left = limit.saturating_sub(i64::try_from(keys.len()).unwrap_or(i64::MAX));
        let rows = statement.query_map((outcome, before, left), |row| row.get::<_, i64>(0))?;
        keys.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    for key in &keys {
        delete(session, key.cast_unsigned(), true)?;
    }
    conn.prepare_cached(
        "DELETE FROM worker WHERE id IN (SELECT id FROM worker WHERE seen_at < ?1 LIMIT ?2)",
    )?
    .execute([session.now.saturating_sub(AN_HOUR), limit])?;
    Ok(keys.len())
}
