//! Recording ends and claiming jobs, in one step.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::OptionalExtension;

use super::claims::{self, Claimed};
use super::ends::Ends;
use super::error::Trouble;
use super::step;
use super::writer::Session;
use crate::backend::WorkerId;
use crate::backend::store::{End, Exchange, Key};

/// Records the ends, in their order, and claims up to `wanted` jobs then.
pub(super) fn exchange(
    session: &mut Session<'_>,
    worker: WorkerId,
    ends: &[End],
    wanted: usize,
) -> Result<Exchange, Trouble> {
    let mut due = next_due(session)?;
    if let [end] = ends
        && wanted > 0
        && !has_come(session, due)
        && let Some(mut exchange) = step::step(session, worker, end)?
    {
        exchange.next_due = due.map(|due| pause_until(session, due));
        return Ok(exchange);
    }
    let mut exchange = Exchange::default();
    let mut recorder = Ends::new(session);
    for end in ends {
        exchange.recorded.push(recorder.record(end)?);
    }
    let ended = recorder.finish()?;
    exchange.ended = ended.processes;
    if !ends.is_empty() {
        due = next_due(session)?;
    }
    if wanted > 0 {
        if has_come(session, due) {
            wake_due(session)?;
            due = next_due(session)?;
        }
        match claims::claim(session, worker, wanted)? {
            Some(Claimed { claims, more }) => (exchange.claims, exchange.more) = (claims, more),
            None => exchange.unknown = true,
        }
    }
    if !ended.ready.is_empty() {
        let claimed: HashSet<(Key, u32)> =
            exchange.claims.iter().map(|claim| (claim.fence.key, claim.fence.node)).collect();
        exchange.left_ready = !ended.ready.iter().all(|job| claimed.contains(job));
    }
    exchange.next_due = due.map(|due| pause_until(session, due));
    Ok(exchange)
}

fn has_come(session: &Session<'_>, due: Option<i64>) -> bool {
    due.is_some_and(|due| due <= session.now)
}

fn pause_until(session: &Session<'_>, due: i64) -> Duration {
    Duration::from_millis(u64::try_from(due.saturating_sub(session.now)).unwrap_or_default())
}

/// Makes waiting jobs ready whose time has come: at most 1,000, so that others are not kept waiting.
fn wake_due(session: &Session<'_>) -> Result<(), Trouble> {
    session
        .conn
        .prepare_cached(
            // No fence holds any more: an end that is sent again must not count again.
            "UPDATE job SET ready_at = due, due = NULL, nonce = 0,
                 state = CASE (SELECT paused FROM process WHERE key = process) WHEN 0 THEN 1 ELSE 8 END
             WHERE (process, node) IN
                 (SELECT process, node FROM job WHERE state = 3 AND due <= ?1 ORDER BY due LIMIT 1000)",
        )?
        .execute([session.now])?;
    Ok(())
}

/// When the next waiting job is due.
fn next_due(session: &Session<'_>) -> Result<Option<i64>, Trouble> {
    Ok(session
        .conn
        .prepare_cached("SELECT due FROM job WHERE state = 3 AND due IS NOT NULL ORDER BY due LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}
