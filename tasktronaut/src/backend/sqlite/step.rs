//! A step of a chain: one success that lets go one job, while its worker has nothing else to do.
//!
//! It comes to the same as recording the end and claiming then, without the detour through the index of what is ready:
//! that is a page less to be written, and a good part of the time that a step takes.

use rusqlite::params;

use super::claims::{self, Joined};
use super::ends::Ends;
use super::error::Trouble;
use super::row::worker_bytes;
use super::writer::Session;
use crate::backend::WorkerId;
use crate::backend::store::{ClaimRow, End, Exchange, Fence, How, Recorded, Release};

/// The release of an end that may be such a step.
fn release_of(end: &End) -> Option<&Release> {
    let is_plain = matches!(end.how, How::Succeeded) && end.error.is_none() && !end.last;
    match end.then.releases.as_slice() {
        [release] if is_plain && end.then.meetings.is_empty() && !release.concludes => Some(release),
        _ => None,
    }
}

/// Records the end and claims what it lets go; nothing, with nothing changed, where it is no such step.
pub(super) fn step(
    session: &mut Session<'_>,
    worker: WorkerId,
    end: &End,
) -> Result<Option<Exchange>, Trouble> {
    let Some(release) = release_of(end) else { return Ok(None) };
    let Some(Joined { routes, lease }) = claims::joined(session, worker)? else { return Ok(None) };
    let route = release.route.cast_signed();
    if routes.binary_search(&route).is_err() || claims::is_any_ready(session, &routes)? {
        return Ok(None);
    }
    let nonce = session.nonces.nonce();
    let mut ends = Ends::new(session);
    let Some(flow) = ends.flow(end.fence.key)?.filter(|flow| flow.is_flowing() && !flow.paused) else {
        return Ok(None);
    };
    if ends.has_row(end.fence.key, release.node)? || !ends.succeeded(end.fence)? {
        return Ok(None);
    }
    let fence = Fence { key: end.fence.key, node: release.node, attempt: 1, nonce };
    let mut insert = session.conn.prepare_cached(
        "INSERT INTO job (process, node, route, state, rank, ready_at, attempt, nonce, worker, lease, claimed_at)
         VALUES (?1, ?2, ?3, 2, ?4, ?5, 1, ?6, ?7, ?8, ?5)",
    )?;
    let (key, now, lease) = (end.fence.key.cast_signed(), session.now, session.now.saturating_add(lease));
    insert.execute(params![key, release.node, route, flow.rank, now, nonce, worker_bytes(worker), lease])?;
    Ok(Some(Exchange {
        recorded: vec![Recorded::Done],
        claims: vec![ClaimRow { fence, failed: 0, undecoded: 0, event: None }],
        ..Exchange::default()
    }))
}
