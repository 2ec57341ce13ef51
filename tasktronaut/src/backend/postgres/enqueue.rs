//! Adding processes, in a transaction of the store's or of the caller's own.

use std::borrow::Cow;
use std::fmt::Display;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, Transaction};

use super::fault::{answered, failed};
use super::read;
use super::row::{list, micros, number, text};
use super::{PostgresBackend, PostgresStore};
use crate::backend::store::{Meeting, NewProcess, Stored};
use crate::backend::{BackendError, EnqueueError, Enqueued};
use crate::plan::Plan;

const OPERATION: &str = "enqueue processes";
const WITHIN: &str = "enqueue a process in a transaction";

impl PostgresStore {
    pub(super) async fn add(&self, processes: &[NewProcess]) -> Result<Vec<Stored>, BackendError> {
        if processes.is_empty() {
            return Ok(Vec::new());
        }
        let columns = Columns::of(processes);
        let row = self.change().query_one(OPERATION, &self.sql().enqueue, &columns.parameters()).await?;
        stored(&row)
    }
}

impl PostgresBackend {
    /// Adds a process in a transaction, and has its commit wake the workers. What is known already is read there, too:
    /// it may be of this transaction, and nobody else sees that.
    pub(crate) async fn enqueue_in(
        &self,
        transaction: &Transaction<'_>,
        plan: &Plan,
    ) -> Result<Enqueued, EnqueueError> {
        let (rows, sql) = ([self.row_of(plan)?], self.store().sql());
        let columns = Columns::of(&rows);
        let fail = |error| answered(WITHIN, error);
        let row = transaction.query_typed_one(&sql.enqueue_in, &columns.parameters()).await.map_err(fail)?;
        match stored(&row)?.pop() {
            Some(Stored::Created(_)) => Ok(Enqueued::Created),
            Some(Stored::Known(key)) => {
                let keys = vec![number(key)];
                let row = transaction.query_typed_one(&sql.plans, &[(&keys, Type::INT8_ARRAY)]).await;
                self.compare_with(read::plan(&row.map_err(fail)?)?, plan)
            }
            None => Err(failed(WITHIN, "the server does not say what became of it").into()),
        }
    }
}

/// The answer, in the order of the processes.
fn stored(row: &Row) -> Result<Vec<Stored>, BackendError> {
    let keys = list::<i64>(row, 0)?.into_iter().zip(list::<bool>(row, 1)?);
    Ok(keys
        .filter_map(|(key, created)| {
            let key = u64::try_from(key).ok()?;
            Some(if created { Stored::Created(key) } else { Stored::Known(key) })
        })
        .collect())
}

/// Processes and their meetings, column by column.
#[derive(Default)]
struct Columns<'a> {
    identifier: Vec<Cow<'a, str>>,
    definition: Vec<Cow<'a, str>>,
    plan: Vec<&'a [u8]>,
    priority: Vec<i16>,
    node: Vec<i64>,
    route: Vec<i64>,
    concludes: Vec<bool>,
    start_after: Vec<i64>,
    deadline: Vec<Option<i64>>,
    meeting_process: Vec<i32>,
    meeting_node: Vec<i64>,
    waits_for: Vec<i64>,
    release_nodes: Vec<String>,
    release_routes: Vec<String>,
    release_concludes: Vec<String>,
    meetings: Vec<String>,
}

impl<'a> Columns<'a> {
    fn of(processes: &'a [NewProcess]) -> Self {
        let mut columns = Self::default();
        for (process, place) in processes.iter().zip(1..) {
            columns.identifier.push(text(&process.identifier));
            columns.definition.push(text(&process.definition));
            columns.plan.push(&process.plan);
            columns.priority.push(process.priority);
            columns.node.push(i64::from(process.first.node));
            columns.route.push(number(process.first.route));
            columns.concludes.push(process.first.concludes);
            columns.start_after.push(micros(process.start_after));
            columns.deadline.push(process.deadline.map(micros));
            for meeting in &process.meetings {
                columns.meet(place, meeting);
            }
        }
        columns
    }

    fn meet(&mut self, process: i32, meeting: &Meeting) {
        let releases = &meeting.then.releases;
        self.meeting_process.push(process);
        self.meeting_node.push(i64::from(meeting.node));
        self.waits_for.push(i64::from(meeting.waits_for));
        self.release_nodes.push(array(releases.iter().map(|release| release.node)));
        self.release_routes.push(array(releases.iter().map(|release| release.route)));
        self.release_concludes.push(array(releases.iter().map(|release| release.concludes)));
        self.meetings.push(array(meeting.then.meetings.iter()));
    }

    fn parameters(&self) -> [(&(dyn ToSql + Sync), Type); 16] {
        [
            (&self.identifier, Type::TEXT_ARRAY),
            (&self.definition, Type::TEXT_ARRAY),
            (&self.plan, Type::BYTEA_ARRAY),
            (&self.priority, Type::INT2_ARRAY),
            (&self.node, Type::INT8_ARRAY),
            (&self.route, Type::INT8_ARRAY),
            (&self.concludes, Type::BOOL_ARRAY),
            (&self.start_after, Type::INT8_ARRAY),
            (&self.deadline, Type::INT8_ARRAY),
            (&self.meeting_process, Type::INT4_ARRAY),
            (&self.meeting_node, Type::INT8_ARRAY),
            (&self.waits_for, Type::INT8_ARRAY),
            (&self.release_nodes, Type::TEXT_ARRAY),
            (&self.release_routes, Type::TEXT_ARRAY),
            (&self.release_concludes, Type::TEXT_ARRAY),
            (&self.meetings, Type::TEXT_ARRAY),
        ]
    }
}

/// An array as PostgreSQL writes it.
fn array(items: impl Iterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    format!("{{{}}}", items.join(","))
}
