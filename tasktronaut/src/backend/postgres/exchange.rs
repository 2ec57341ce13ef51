//! Recording ends and claiming jobs: one call of one function.

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::PostgresStore;
use super::fault::unreadable;
use super::row::{duration, fence, list, micros, number, worker as uuid_of};
use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::backend::store::{ClaimRow, End, Exchange, Fence, How, Recorded};

impl PostgresStore {
    pub(super) async fn end_and_claim(
        &self,
        worker: WorkerId,
        ends: &[End],
        wanted: usize,
    ) -> Result<Exchange, BackendError> {
        let order = Order::of(ends);
        let columns = Columns::of(worker, wanted, order.first.iter().filter_map(|place| ends.get(*place)));
        let row = self.exchange_row("exchange jobs", &self.sql().exchange, &columns.parameters()).await?;
        let answers = list::<i16>(&row, 0)?;
        Ok(Exchange {
            recorded: order.recorded(&answers),
            ended: list::<i64>(&row, 1)?.into_iter().filter_map(|key| u64::try_from(key).ok()).collect(),
            unknown: scalar(&row, 2)?.unwrap_or(false),
            more: scalar(&row, 3)?.unwrap_or(false),
            next_due: scalar(&row, 4)?.map(duration),
            claims: claims(&row)?,
            left_ready: scalar(&row, 12)?.unwrap_or(false),
        })
    }
}

fn scalar<T: for<'a> tokio_postgres::types::FromSql<'a>>(
    row: &Row,
    column: usize,
) -> Result<Option<T>, BackendError> {
    row.try_get(column).map_err(|error| unreadable("an answer", &error))
}

fn claims(row: &Row) -> Result<Vec<ClaimRow>, BackendError> {
    let places = list::<i64>(row, 5)?.into_iter().zip(list::<i64>(row, 6)?);
    let claims = list::<i64>(row, 7)?.into_iter().zip(list::<i32>(row, 8)?);
    let counts = list::<i64>(row, 9)?.into_iter().zip(list::<i64>(row, 10)?);
    let rows = places.zip(claims).zip(counts).zip(list::<Option<Vec<u8>>>(row, 11)?);
    Ok(rows
        .filter_map(|((((process, node), (attempt, nonce)), (failed, undecoded)), event)| {
            Some(ClaimRow {
                fence: fence(process, node, attempt, nonce)?,
                failed: u32::try_from(failed).ok()?,
                undecoded: u32::try_from(undecoded).ok()?,
                event,
            })
        })
        .collect())
}

/// The order in which ends are sent: by process and node, so that two exchanges lock rows in one order. Of those that
/// name the same claim only the first is sent.
struct Order {
    /// Where each that is sent stands in the call.
    first: Vec<usize>,
    /// For each of the call: which of those that are sent it is.
    sent: Vec<usize>,
}

impl Order {
    fn of(ends: &[End]) -> Self {
        let place = |fence: Fence| (fence.key, fence.node, fence.attempt, fence.nonce);
        let mut sorted: Vec<usize> = (0..ends.len()).collect();
        sorted.sort_by_key(|&at| ends.get(at).map(|end| place(end.fence)));
        let mut order = Self { first: Vec::with_capacity(ends.len()), sent: vec![0; ends.len()] };
        let mut last = None;
        for at in sorted {
            let fence = ends.get(at).map(|end| end.fence);
            if last != fence {
                order.first.push(at);
            }
            if let Some(sent) = order.sent.get_mut(at) {
                *sent = order.first.len() - 1;
            }
            last = fence;
        }
        order
    }

    /// The answers, in the order of the call; to a repetition the same.
    fn recorded(&self, answers: &[i16]) -> Vec<Recorded> {
        let answer = |&sent: &usize| match answers.get(sent) {
            Some(0) => Recorded::Done,
            Some(2) => Recorded::Revise,
            _ => Recorded::Lost,
        };
        self.sent.iter().map(answer).collect()
    }
}

/// Ends and what follows them, column by column.
#[derive(Default)]
struct Columns<'a> {
    worker: Uuid,
    wanted: i32,
    process: Vec<i64>,
    node: Vec<i64>,
    attempt: Vec<i64>,
    nonce: Vec<i32>,
    how: Vec<i16>,
    pause: Vec<i64>,
    error: Vec<Option<&'a [u8]>>,
    last: Vec<bool>,
    release_end: Vec<i32>,
    release_process: Vec<i64>,
    release_node: Vec<i64>,
    release_route: Vec<i64>,
    release_concludes: Vec<bool>,
    meeting_end: Vec<i32>,
    meeting_process: Vec<i64>,
    meeting_node: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn of(worker: WorkerId, wanted: usize, ends: impl Iterator<Item = &'a End>) -> Self {
        let mut columns = Self {
            worker: uuid_of(worker),
            // The function looks for one more, to see whether there are more.
            wanted: i32::try_from(wanted).unwrap_or(i32::MAX).min(i32::MAX - 1),
            ..Self::default()
        };
        for (end, place) in ends.zip(1..) {
            columns.add(end, place);
        }
        columns
    }

    fn add(&mut self, end: &'a End, place: i32) {
        let process = number(end.fence.key);
        let (how, pause) = match end.how {
            How::Succeeded => (0, 0),
            How::GivenUp => (1, 0),
            How::Retry(pause) => (2, micros(pause)),
            How::PutBack(pause) => (3, micros(pause)),
        };
        self.process.push(process);
        self.node.push(i64::from(end.fence.node));
        self.attempt.push(i64::from(end.fence.attempt));
        self.nonce.push(end.fence.nonce.cast_signed());
        self.how.push(how);
        self.pause.push(pause);
        self.error.push(end.error.as_deref());
        self.last.push(end.last);
        if how >= 2 {
            return;
        }
        for release in &end.then.releases {
            self.release_end.push(place);
            self.release_process.push(process);
            self.release_node.push(i64::from(release.node));
            self.release_route.push(number(release.route));
            self.release_concludes.push(release.concludes);
        }
        for meeting in &end.then.meetings {
            self.meeting_end.push(place);
            self.meeting_process.push(process);
            self.meeting_node.push(i64::from(*meeting));
        }
    }

    fn parameters(&self) -> [(&(dyn ToSql + Sync), Type); 18] {
        [
            (&self.worker, Type::UUID),
            (&self.wanted, Type::INT4),
            (&self.process, Type::INT8_ARRAY),
            (&self.node, Type::INT8_ARRAY),
            (&self.attempt, Type::INT8_ARRAY),
            (&self.nonce, Type::INT4_ARRAY),
            (&self.how, Type::INT2_ARRAY),
            (&self.pause, Type::INT8_ARRAY),
            (&self.error, Type::BYTEA_ARRAY),
            (&self.last, Type::BOOL_ARRAY),
            (&self.release_end, Type::INT4_ARRAY),
            (&self.release_process, Type::INT8_ARRAY),
            (&self.release_node, Type::INT8_ARRAY),
            (&self.release_route, Type::INT8_ARRAY),
            (&self.release_concludes, Type::BOOL_ARRAY),
            (&self.meeting_end, Type::INT4_ARRAY),
            (&self.meeting_process, Type::INT8_ARRAY),
            (&self.meeting_node, Type::INT8_ARRAY),
        ]
    }
}
