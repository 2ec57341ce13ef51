//! Recording ends: the fence, the job, and what follows it (`R4`, `R5`).

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::error::{Trouble, log};
use super::meetings::Meetings;
use super::row::{HELD, later};
use super::writer::Session;
use crate::backend::store::{End, Fence, How, Key, Phase, Recorded, Release};

/// A fence holds for a job that runs, or whose lease has run out and that nobody has claimed since. A nonce of zero
/// is none.
macro_rules! holds {
    () => {
        "process = ?1 AND node = ?2 AND attempt = ?3 AND nonce = ?4 AND nonce <> 0 AND state IN (1, 2, 8)"
    };
}

/// What must be known of a process to record an end in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    /// A number that makes no sense is not flowing either: the revision looks into it.
    phase: i64,
    pub paused: bool,
    pub rank: i64,
}

impl Flow {
    pub fn is_flowing(self) -> bool {
        self.phase == i64::from(Phase::Flowing.code())
    }
}

/// Records the ends of one exchange.
pub(super) struct Ends<'s, 'c> {
    session: &'s Session<'c>,
    flows: HashMap<Key, Option<Flow>>,
    meetings: Meetings<'s, 'c>,
    /// What has become ready: processes and nodes.
    ready: Vec<(Key, u32)>,
    /// The processes that have ended.
    ended: Vec<Key>,
}

/// What has come of the ends of one exchange.
pub(super) struct Ended {
    /// What has become ready: processes and nodes.
    pub ready: Vec<(Key, u32)>,
    /// The processes that have ended.
    pub processes: Vec<Key>,
}

impl<'s, 'c> Ends<'s, 'c> {
    pub fn new(session: &'s Session<'c>) -> Self {
        let (flows, meetings) = (HashMap::new(), Meetings::new(session));
        Self { session, flows, meetings, ready: Vec::new(), ended: Vec::new() }
    }

    /// Records one end.
    pub fn record(&mut self, end: &End) -> Result<Recorded, Trouble> {
        match self.record_once(end)? {
            Recorded::Lost if self.is_settled(end)? => Ok(Recorded::Done),
            recorded => Ok(recorded),
        }
    }

    fn record_once(&mut self, end: &End) -> Result<Recorded, Trouble> {
        let Some(flow) = self.flow(end.fence.key)? else { return Ok(Recorded::Lost) };
        if !flow.is_flowing() {
            return self.to_be_revised(end);
        }
        match end.how {
            How::Succeeded | How::GivenUp => self.record_over(end, flow),
            How::Retry(pause) => self.waits(end, pause, (1, 0)),
            How::PutBack(pause) => self.waits(end, pause, (0, 1)),
        }
    }

    /// The job is over, and lets go what follows.
    ///
    /// Where it meets with a meeting that makes no sense it changes nothing, and the other ends go on: the process
    /// must be revised, for the rules know from the plan what was to follow.
    fn record_over(&mut self, end: &End, flow: Flow) -> Result<Recorded, Trouble> {
        let key = end.fence.key;
        let more = match self.meetings.count_down(key, &end.then) {
            Err(trouble) if trouble.is_corrupt() => {
                log(&trouble);
                self.meetings.take_back();
                return self.to_be_revised(end);
            }
            more => more?,
        };
        let counts = match end.how {
            How::GivenUp => self.given_up(end)?,
            _ => self.succeeded(end.fence)?,
        };
        if !counts {
            self.meetings.take_back();
            return Ok(Recorded::Lost);
        }
        self.release(key, flow, &more)?;
        if end.last {
            self.end_process(key)?;
        }
        Ok(Recorded::Done)
    }

    fn to_be_revised(&self, end: &End) -> Result<Recorded, Trouble> {
        Ok(if self.holds(end.fence)? { Recorded::Revise } else { Recorded::Lost })
    }

    /// Writes what was kept back for the end.
    pub fn finish(self) -> Result<Ended, Trouble> {
        self.meetings.write()?;
        Ok(Ended { ready: self.ready, processes: self.ended })
    }

    /// What is known of a process.
    pub fn flow(&mut self, key: Key) -> Result<Option<Flow>, Trouble> {
        if let Some(known) = self.flows.get(&key) {
            return Ok(*known);
        }
        let sql = "SELECT phase, paused, rank FROM process WHERE key = ?1";
        let mut statement = self.session.conn.prepare_cached(sql)?;
        let flow = statement.query_row([key.cast_signed()], |row| {
            Ok(Flow { phase: row.get(0)?, paused: row.get(1)?, rank: row.get(2)? })
        });
        let flow = flow.optional()?;
        self.flows.insert(key, flow);
        Ok(flow)
    }

    fn holds(&self, fence: Fence) -> Result<bool, Trouble> {
        let (key, node, attempt, nonce) = numbers(fence);
        let mut statement =
            self.session.conn.prepare_cached(concat!("SELECT 1 FROM job WHERE ", holds!()))?;
        Ok(statement.exists([key, node, attempt, nonce])?)
    }

    /// Whether it is recorded already, and only the answer was lost.
    fn is_settled(&self, end: &End) -> Result<bool, Trouble> {
        let (key, node, attempt, nonce) = numbers(end.fence);
        let state = match end.how {
            How::Succeeded => 4,
            How::GivenUp => 5,
            How::Retry(_) | How::PutBack(_) => 3,
        };
        let mut statement = self.session.conn.prepare_cached(
            "SELECT 1 FROM job WHERE process = ?1 AND node = ?2 AND attempt = ?3 AND nonce = ?4 AND nonce <> 0
                 AND state = ?5",
        )?;
        Ok(statement.exists([key, node, attempt, nonce, state])?)
    }

    /// Whether a node has a row already.
    pub fn has_row(&self, key: Key, node: u32) -> Result<bool, Trouble> {
        let sql = "SELECT 1 FROM job WHERE process = ?1 AND node = ?2";
        Ok(self.session.conn.prepare_cached(sql)?.exists([key.cast_signed(), i64::from(node)])?)
    }

    /// Records a success; false where its fence does not hold.
    pub fn succeeded(&self, fence: Fence) -> Result<bool, Trouble> {
        let (key, node, attempt, nonce) = numbers(fence);
        let mut statement = self.session.conn.prepare_cached(concat!(
            "UPDATE job SET state = 4, worker = NULL, lease = NULL, ended_at = ?5 WHERE ",
            holds!()
        ))?;
        Ok(statement.execute([key, node, attempt, nonce, self.session.now])? > 0)
    }

    fn given_up(&self, end: &End) -> Result<bool, Trouble> {
        let (key, node, attempt, nonce) = numbers(end.fence);
        let mut statement = self.session.conn.prepare_cached(concat!(
            "UPDATE job SET state = 5, worker = NULL, lease = NULL, ended_at = ?5, error = coalesce(?6, error),
                 failed = min(failed + 1, 4294967295) WHERE ",
            holds!()
        ))?;
        Ok(statement.execute(params![key, node, attempt, nonce, self.session.now, end.error])? > 0)
    }

    /// Another attempt follows. The fence is kept until the job is ready again, for an end which is sent again.
    fn waits(
        &self,
        end: &End,
        pause: Duration,
        (failed, undecoded): (u32, u32),
    ) -> Result<Recorded, Trouble> {
        let (key, node, attempt, nonce) = numbers(end.fence);
        let due = later(self.session.now, pause);
        let mut statement = self.session.conn.prepare_cached(concat!(
            "UPDATE job SET state = 3, worker = NULL, lease = NULL, due = ?5, error = coalesce(?6, error),
                 failed = min(failed + ?7, 4294967295), undecoded = min(undecoded + ?8, 4294967295) WHERE ",
            holds!()
        ))?;
        let changed =
            statement.execute(params![key, node, attempt, nonce, due, end.error, failed, undecoded])?;
        Ok(if changed > 0 { Recorded::Done } else { Recorded::Lost })
    }

    /// Gives jobs their rows. One that has a row already, since its process went on after a failure, keeps its counts.
    fn release(&mut self, key: Key, flow: Flow, releases: &[Release]) -> Result<(), Trouble> {
        if releases.is_empty() {
            return Ok(());
        }
        if !flow.paused {
            self.ready.extend(releases.iter().map(|release| (key, release.node)));
        }
        let (conn, key) = (self.session.conn, key.cast_signed());
        let mut statement = conn.prepare_cached(
            "INSERT INTO job (process, node, route, state, rank, ready_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET
                 route = excluded.route, state = excluded.state, rank = excluded.rank, ready_at = excluded.ready_at,
                 nonce = 0, due = NULL, ended_at = NULL
             WHERE job.state = 0",
        )?;
        let state = if flow.paused { HELD } else { 1 };
        for release in releases {
            let (node, route) = (i64::from(release.node), release.route.cast_signed());
            statement.execute([key, node, route, state, flow.rank, self.session.now])?;
            if release.concludes {
                conn.prepare_cached("UPDATE process SET outcome = 1 WHERE key = ?1")?.execute([key])?;
            }
        }
        Ok(())
    }

    fn end_process(&mut self, key: Key) -> Result<(), Trouble> {
        self.session
            .conn
            .prepare_cached("UPDATE process SET phase = 3, ended_at = ?2 WHERE key = ?1")?
            .execute([key.cast_signed(), self.session.now])?;
        self.ended.push(key);
        self.flows.remove(&key);
        Ok(())
    }
}

fn numbers(fence: Fence) -> (i64, i64, i64, i64) {
    (fence.key.cast_signed(), i64::from(fence.node), i64::from(fence.attempt), i64::from(fence.nonce))
}
