//! Claiming: the first ready jobs of a worker's routes (`R3`, `R6`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rusqlite::{CachedStatement, OptionalExtension, Row, params};

use super::error::{Trouble, log};
use super::row::{fitting, number, routes, worker_bytes};
use super::writer::Session;
use crate::backend::WorkerId;
use crate::backend::store::{ClaimRow, Fence};

/// So many rows of one route are read in one go at most.
const MOST_ROWS: usize = 1_000;

/// What was claimed, and whether more is ready.
pub(super) struct Claimed {
    pub claims: Vec<ClaimRow>,
    pub more: bool,
}

/// Claims up to `wanted` jobs; nothing when the worker is not known.
pub(super) fn claim(
    session: &mut Session<'_>,
    worker: WorkerId,
    wanted: usize,
) -> Result<Option<Claimed>, Trouble> {
    let Some(Joined { routes, lease }) = joined(session, worker)? else { return Ok(None) };
    let (places, more) = first_places(session, &routes, wanted)?;
    let mut claims = Vec::with_capacity(places.len());
    // Two statements: `RETURNING` makes a table of its own for each row, which takes longer.
    let mut read = session.conn.prepare_cached(
        "SELECT min(attempt + 1, 4294967295), failed, undecoded, event FROM job WHERE process = ?1 AND node = ?2",
    )?;
    let mut take = session.conn.prepare_cached(
        "UPDATE job SET state = 2, attempt = min(attempt + 1, 4294967295), nonce = ?3, worker = ?4, lease = ?5,
             claimed_at = ?6
         WHERE process = ?1 AND node = ?2",
    )?;
    let lease = session.now.saturating_add(lease);
    let id = worker_bytes(worker);
    for place in places {
        let nonce = session.nonces.nonce();
        let mut rows = read.query([place.process, place.node])?;
        let Some(row) = rows.next()? else { continue };
        match claim_row(row, place, nonce) {
            Ok(claim) => claims.push(claim),
            // It does not keep the others from their work. When its lease runs out it is given to be revised, and
            // that says what is wrong with it.
            Err(trouble) => log(&trouble),
        }
        drop(rows);
        take.execute(params![place.process, place.node, nonce, id, lease, session.now])?;
    }
    Ok(Some(Claimed { claims, more }))
}

fn claim_row(row: &Row<'_>, place: Place, nonce: u32) -> Result<ClaimRow, Trouble> {
    Ok(ClaimRow {
        fence: Fence {
            key: place.process.cast_unsigned(),
            node: fitting("node", place.node)?,
            attempt: number(row, 0)?,
            nonce,
        },
        failed: number(row, 1)?,
        undecoded: number(row, 2)?,
        event: row.get(3)?,
    })
}

/// What a worker has joined with: its routes in their order, and the length of its leases.
pub(super) struct Joined {
    pub routes: Arc<[i64]>,
    pub lease: i64,
}

/// The routes are kept in memory as long as the worker does not join again, in whatever program.
pub(super) fn joined(session: &mut Session<'_>, worker: WorkerId) -> Result<Option<Joined>, Trouble> {
    let id = worker_bytes(worker);
    let row: Option<(i64, i64)> = session
        .conn
        .prepare_cached("SELECT version, lease FROM worker WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((version, lease)) = row else {
        session.routes.remove(&worker);
        return Ok(None);
    };
    if let Some((known, routes)) = session.routes.get(&worker)
        && *known == version
    {
        return Ok(Some(Joined { routes: routes.clone(), lease }));
    }
    let bytes: Vec<u8> = session
        .conn
        .prepare_cached("SELECT routes FROM worker WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?;
    let mut routes = routes(&bytes)?;
    routes.sort_unstable();
    routes.dedup();
    let routes: Arc<[i64]> = routes.into();
    session.routes.insert(worker, (version, routes.clone()));
    Ok(Some(Joined { routes, lease }))
}

/// A ready job; what goes first is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: i64,
    ready_at: i64,
    process: i64,
    node: i64,
}

impl Place {
    fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            rank: row.get(at)?,
            ready_at: row.get(at + 1)?,
            process: row.get(at + 2)?,
            node: row.get(at + 3)?,
        })
    }
}

/// The ready jobs of one route, from the first one on.
struct Line {
    first: Place,
    route: i64,
    /// Those that were read in advance, last first.
    rest: Vec<Place>,
    /// Whether more may follow those.
    goes_on: bool,
}

/// The first jobs over all routes, and whether more are ready.
///
/// The index has the jobs of each route in their order: the lines of the routes are merged. So a worker does not
/// read through what others have in the queue, and many jobs that wait cost no more than a few.
fn first_places(session: &Session<'_>, routes: &[i64], wanted: usize) -> Result<(Vec<Place>, bool), Trouble> {
    let mut lines = lines(session, routes)?;
    let mut places = Vec::new();
    let mut onward = session.conn.prepare_cached(
        "SELECT rank, ready_at, process, node FROM job
         WHERE state = 1 AND route = ?1 AND (rank, ready_at, process, node) > (?2, ?3, ?4, ?5)
         ORDER BY rank, ready_at, process, node",
    )?;
    while places.len() < wanted
        && let Some(Reverse(mut line)) = lines.pop()
    {
        places.push(line.first);
        if line.rest.is_empty() && line.goes_on {
            // One more than its share, so that it is known whether more is ready.
            let share = (wanted - places.len()) / (lines.len() + 1) + 1;
            line.read_on(&mut onward, share.min(MOST_ROWS))?;
        }
        if let Some(next) = line.rest.pop() {
            line.first = next;
            lines.push(Reverse(line));
        }
    }
    Ok((places, !lines.is_empty()))
}

impl Line {
    fn read_on(&mut self, onward: &mut CachedStatement<'_>, count: usize) -> Result<(), Trouble> {
        let Place { rank, ready_at, process, node } = self.first;
        // Not `LIMIT ?`: SQLite plans a statement anew for every limit that it is given.
        let rows =
            onward.query_map([self.route, rank, ready_at, process, node], |row| Place::read(row, 0))?;
        self.rest = rows.take(count).collect::<Result<_, _>>()?;
        self.goes_on = self.rest.len() == count;
        self.rest.reverse();
        Ok(())
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first
    }
}

impl Eq for Line {}

impl PartialOrd for Line {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Line {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.first.cmp(&other.first)
    }
}

/// Whether a job of these routes is ready.
pub(super) fn is_any_ready(session: &Session<'_>, routes: &[i64]) -> Result<bool, Trouble> {
    Ok(!lines(session, routes)?.is_empty())
}

/// The lines of those routes that have ready jobs. The routes of the worker and those in the index are both in their
/// order, and leap over what the other one does not have.
fn lines(session: &Session<'_>, routes: &[i64]) -> Result<BinaryHeap<Reverse<Line>>, Trouble> {
    let mut lines = BinaryHeap::new();
    let mut leap = session.conn.prepare_cached(
        "SELECT route, rank, ready_at, process, node FROM job WHERE state = 1 AND route >= ?1
         ORDER BY route, rank, ready_at, process, node LIMIT 1",
    )?;
    let mut at = 0;
    while let Some(wanted) = routes.get(at) {
        let found = leap.query_row([wanted], |row| Ok((row.get(0)?, Place::read(row, 1)?))).optional()?;
        let Some((route, first)) = found else { break };
        at += routes[at..].partition_point(|known| *known < route);
        if routes.get(at) == Some(&route) {
            lines.push(Reverse(Line { first, route, rest: Vec::new(), goes_on: true }));
            at += 1;
        }
    }
    Ok(lines)
}
