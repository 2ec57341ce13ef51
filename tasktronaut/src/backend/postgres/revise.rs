//! Changing one process as a whole, while nobody else does.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::PostgresStore;
use super::fault::{corrupt, failed};
use super::lane::Loan;
use super::limit::{ANSWER, Limit};
use super::row::{code_of, job, list, micros, number, process};
use crate::backend::BackendError;
use crate::backend::store::{Changes, Key, Reviser, Snapshot};

const OPERATION: &str = "revise a process";

impl PostgresStore {
    /// The lock comes first, then the reading: what `change` is shown is what it changes, and it has to be asked once
    /// only.
    pub(super) async fn revise_one<T: Send + 'static>(
        &self,
        key: Key,
        change: Reviser<T>,
    ) -> Result<Option<T>, BackendError> {
        let limit = self.change().limit(OPERATION);
        let loan = self.begin(&limit).await?;
        let work = async {
            let Some(snapshot) = self.snapshot(loan.client(), number(key)).await? else { return Ok(None) };
            let (changes, answer) = change.revise(&snapshot)?;
            self.store(loan.client(), number(key), &changes).await?;
            Ok(Some(answer))
        };
        let result = limit.hold(ANSWER, work).await?;
        let end = if matches!(result, Ok(Some(_))) { "COMMIT" } else { "ROLLBACK" };
        match (limit.hold(ANSWER, loan.client().batch_execute(end)).await?, &result) {
            (Ok(()), _) => loan.keep(),
            (Err(error), Ok(_)) => return Err(failed(OPERATION, error)),
            // The first error says more.
            (Err(_), Err(_)) => {}
        }
        result
    }

    /// A connection, in a transaction.
    async fn begin(&self, limit: &Limit) -> Result<Loan<'_>, BackendError> {
        loop {
            let loan = self.change().loan(limit).await?;
            match limit.hold(ANSWER, loan.client().batch_execute("BEGIN")).await? {
                Ok(()) => return Ok(loan),
                Err(error) if loan.was_lost(&error) => {}
                Err(error) => return Err(failed(OPERATION, error)),
            }
        }
    }

    async fn snapshot(&self, client: &Client, key: i64) -> Result<Option<Snapshot>, BackendError> {
        let sql = self.sql();
        let fail = |error| failed(OPERATION, error);
        let parameters: &[(&(dyn ToSql + Sync), Type)] = &[(&key, Type::INT8)];
        client.query_typed(&sql.begin_revision, parameters).await.map_err(fail)?;
        let Some(row) = client.query_typed_opt(&sql.process, parameters).await.map_err(fail)? else {
            return Ok(None);
        };
        let process = process(&row)?;
        let jobs = client.query_typed(&sql.open_jobs, parameters).await.map_err(fail)?;
        let jobs = jobs.iter().map(job).collect::<Result<_, _>>()?;
        let row = client.query_typed_one(&sql.meetings, parameters).await.map_err(fail)?;
        Ok(Some(Snapshot { process, jobs, meetings: meetings(&row)? }))
    }

    async fn store(&self, client: &Client, key: i64, changes: &Changes) -> Result<(), BackendError> {
        let columns = Columns::of(key, changes);
        let stored = client.query_typed(&self.sql().store_revision, &columns.parameters()).await;
        stored.map(|_| ()).map_err(|error| failed(OPERATION, error))
    }
}

fn meetings(row: &Row) -> Result<Vec<(u32, u32)>, BackendError> {
    let meetings = list::<i64>(row, 0)?.into_iter().zip(list::<i64>(row, 1)?);
    meetings
        .map(|(node, remaining)| match (u32::try_from(node), u32::try_from(remaining)) {
            (Ok(node), Ok(remaining)) => Ok((node, remaining)),
            _ => Err(corrupt("meeting", format!("node {node} waits for {remaining}"))),
        })
        .collect()
}

/// Changes, column by column.
#[derive(Default)]
struct Columns<'a> {
    key: i64,
    changes: bool,
    phase: i16,
    outcome: Option<i16>,
    memo: &'a [u8],
    deadline: Option<i64>,
    node: Vec<i64>,
    route: Vec<i64>,
    state: Vec<i16>,
    due: Vec<Option<i64>>,
    attempt: Vec<i64>,
    nonce: Vec<i32>,
    failed: Vec<i64>,
    lost: Vec<i64>,
    undecoded: Vec<i64>,
    event: Vec<Option<&'a [u8]>>,
    error: Vec<Option<&'a [u8]>>,
    meeting_node: Vec<i64>,
    remaining: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn of(key: i64, changes: &'a Changes) -> Self {
        let mut columns = Self { key, ..Self::default() };
        if let Some(change) = &changes.process {
            columns.changes = true;
            columns.phase = i16::from(change.phase.code());
            columns.outcome = change.outcome.map(i16::from);
            columns.memo = &change.memo;
            columns.deadline = change.deadline.map(micros);
        }
        for job in &changes.jobs {
            columns.node.push(i64::from(job.node));
            columns.route.push(number(job.route));
            columns.state.push(code_of(job.state));
            columns.due.push(job.due.map(micros));
            columns.attempt.push(i64::from(job.attempt));
            columns.nonce.push(job.nonce.cast_signed());
            columns.failed.push(i64::from(job.failed));
            columns.lost.push(i64::from(job.lost));
            columns.undecoded.push(i64::from(job.undecoded));
            columns.event.push(job.event.as_deref());
            columns.error.push(job.error.as_deref());
        }
        for (node, remaining) in &changes.meetings {
            columns.meeting_node.push(i64::from(*node));
            columns.remaining.push(i64::from(*remaining));
        }
        columns
    }

    fn parameters(&self) -> [(&(dyn ToSql + Sync), Type); 19] {
        [
            (&self.key, Type::INT8),
            (&self.changes, Type::BOOL),
            (&self.phase, Type::INT2),
            (&self.outcome, Type::INT2),
            (&self.memo, Type::BYTEA),
            (&self.deadline, Type::INT8),
            (&self.node, Type::INT8_ARRAY),
            (&self.route, Type::INT8_ARRAY),
            (&self.state, Type::INT2_ARRAY),
            (&self.due, Type::INT8_ARRAY),
            (&self.attempt, Type::INT8_ARRAY),
            (&self.nonce, Type::INT4_ARRAY),
            (&self.failed, Type::INT8_ARRAY),
            (&self.lost, Type::INT8_ARRAY),
            (&self.undecoded, Type::INT8_ARRAY),
            (&self.event, Type::BYTEA_ARRAY),
            (&self.error, Type::BYTEA_ARRAY),
            (&self.meeting_node, Type::INT8_ARRAY),
            (&self.remaining, Type::INT8_ARRAY),
        ]
    }
}
