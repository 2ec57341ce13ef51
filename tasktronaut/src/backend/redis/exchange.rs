//! Recording ends and claiming jobs, in one script.

use std::time::Duration;

use redis::Value;

use super::bytes::{Packed, Unpacked, millis};
use super::error::corrupt;
use super::reply::bytes;
use super::scripts::EXCHANGE;
use super::shared::Shared;
use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::backend::store::{ClaimRow, End, Exchange, Fence, How, Recorded, Then};
use crate::words::blocking;

/// How often ends are sent again that a revision keeps waiting, and after which pause. Then the caller revises,
/// which is always right, and waits for its turn.
const PATIENCE: usize = 50;
const PAUSE: Duration = Duration::from_millis(2);

const OPERATION: &str = "exchange jobs";

/// What the script answers for an end whose process a revision holds.
const BUSY: u8 = 3;

impl Shared {
    pub(super) async fn exchange_all(
        &self,
        worker: WorkerId,
        ends: &[End],
        wanted: usize,
    ) -> Result<Exchange, BackendError> {
        let all: Vec<&End> = ends.iter().collect();
        let (mut exchange, mut codes) = self.exchange_once(worker, &all, wanted).await?;
        for _ in 0..PATIENCE {
            let busy: Vec<usize> = (0..codes.len()).filter(|at| codes[*at] == BUSY).collect();
            if busy.is_empty() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            let again: Vec<&End> = busy.iter().map(|at| &ends[*at]).collect();
            // What has been claimed must not be lost with an error of the second call: these ends are revised.
            let Ok((more, again)) = self.exchange_once(worker, &again, 0).await else { break };
            for (at, code) in busy.into_iter().zip(again) {
                codes[at] = code;
            }
            exchange.ended.extend(more.ended);
            exchange.more |= more.more;
            exchange.left_ready |= more.left_ready;
        }
        exchange.recorded = codes.into_iter().map(recorded).collect();
        Ok(exchange)
    }

    async fn exchange_once(
        &self,
        worker: WorkerId,
        ends: &[&End],
        wanted: usize,
    ) -> Result<(Exchange, Vec<u8>), BackendError> {
        let mut packed = Packed::default();
        for end in ends {
            pack(end, &mut packed);
        }
        let id = worker.as_u128().to_be_bytes();
        let mut wish = Packed::default();
        wish.length(wanted);
        wish.word(self.random.next());
        let arguments = [&id[..], &wish.0, &packed.0];
        let answer = if blocking::is_allowed() {
            self.direct.run(OPERATION, &EXCHANGE, &self.keys, &arguments)?
        } else {
            self.work.run(OPERATION, &EXCHANGE, &self.keys, &arguments).await?
        };
        let (exchange, codes) = read(answer)?;
        if codes.len() != ends.len() {
            return Err(corrupt("the answer to an exchange", "not every end is answered"));
        }
        Ok((exchange, codes))
    }
}

/// An end as `scripts/ends.lua` wants it.
fn pack(end: &End, packed: &mut Packed) {
    const LAST: u8 = 4;
    const WITH_ERROR: u8 = 8;
    let (how, pause) = match end.how {
        How::Succeeded => (0, None),
        How::GivenUp => (1, None),
        How::Retry(pause) => (2, Some(pause)),
        How::PutBack(pause) => (3, Some(pause)),
    };
    // Nothing follows an attempt after which there is another.
    let nothing = Then::default();
    let then = if pause.is_some() { &nothing } else { &end.then };
    let error = end.error.as_deref();
    let size_of_error = error.map_or(0, |error| 4 + error.len());
    packed.fence(&end.fence);
    packed.length(1 + pause.map_or(0, |_| 8) + size_of_error + Packed::size_of_then(then));
    packed.byte(how + if end.last { LAST } else { 0 } + if error.is_some() { WITH_ERROR } else { 0 });
    if let Some(pause) = pause {
        packed.long(millis(pause));
    }
    if let Some(error) = error {
        packed.length(error.len());
        packed.bytes(error);
    }
    packed.then(then);
}

fn recorded(code: u8) -> Recorded {
    match code {
        0 => Recorded::Done,
        1 => Recorded::Lost,
        _ => Recorded::Revise,
    }
}

fn read(answer: Value) -> Result<(Exchange, Vec<u8>), BackendError> {
    let what = "the answer to an exchange";
    let answer = bytes(what, answer)?;
    let mut answer = Unpacked::new(what, &answer);
    let next_due = answer.long()?.checked_sub(1).map(Duration::from_millis);
    let (more, unknown, left_ready) = (answer.byte()? == 1, answer.byte()? == 1, answer.byte()? == 1);
    let ends = answer.word()? as usize;
    let codes = answer.bytes(ends)?.to_vec();
    let count = answer.word()?;
    let ended = (0..count).map(|_| answer.key()).collect::<Result<_, _>>()?;
    let claims = answer.all(|row| {
        let (fence, failed, _lost) = (row.fence()?, row.word()?, row.word()?);
        Ok(ClaimRow { fence, failed, undecoded: row.word()?, event: row.optional()? })
    })?;
    Ok((Exchange { recorded: Vec::new(), claims, next_due, more, left_ready, ended, unknown }, codes))
}

/// Packed fences.
pub(super) fn fences(what: &str, value: Value) -> Result<Vec<Fence>, BackendError> {
    Unpacked::new(what, &bytes(what, value)?).all(Unpacked::fence)
}
