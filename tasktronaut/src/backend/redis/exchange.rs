//! Recording ends and claiming jobs, in one script.

use std::time::Duration;

use redis::Value;

use super::RedisStore;
use super::bytes::{Packed, Unpacked, millis};
use super::error::corrupt;
use super::reply::{bytes, number, tuple};
use super::scripts::EXCHANGE;
use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::backend::store::{ClaimRow, End, Exchange, Fence, How, Recorded};

/// How often ends are sent again that a revision keeps waiting, and after which pause. Then the caller revises,
/// which is always right, and waits for its turn.
const PATIENCE: usize = 50;
const PAUSE: Duration = Duration::from_millis(2);

/// What the script answers for an end whose process a revision holds.
const BUSY: u8 = 3;

impl RedisStore {
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
        let (wanted, seed) = (wanted.to_string(), random().to_string());
        let arguments = [&id[..], wanted.as_bytes(), seed.as_bytes(), &packed.0];
        let answer = self.shared.work.run("exchange jobs", &EXCHANGE, &self.shared.keys, &arguments).await?;
        let (exchange, codes) = read(answer)?;
        if codes.len() != ends.len() {
            return Err(corrupt("the answer to an exchange", "not every end is answered"));
        }
        Ok((exchange, codes))
    }
}

/// A random number: scripts have none of their own.
fn random() -> u32 {
    let [a, b, c, d, ..] = WorkerId::random().as_u128().to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn pack(end: &End, packed: &mut Packed) {
    let (how, pause) = match end.how {
        How::Succeeded => (0, Duration::ZERO),
        How::GivenUp => (1, Duration::ZERO),
        How::Retry(pause) => (2, pause),
        How::PutBack(pause) => (3, pause),
    };
    packed.fence(&end.fence);
    packed.byte(how);
    packed.byte(u8::from(end.last));
    packed.long(millis(pause));
    packed.length_of(end.error.as_ref());
    packed.length(Packed::size_of_then(&end.then));
    packed.bytes(end.error.as_deref().unwrap_or_default());
    packed.then(&end.then);
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
    let [codes, claims, next_due, more, ended, unknown] = tuple(what, answer)?;
    let claims = Unpacked::new(what, &bytes(what, claims)?).all(|row| {
        let fence = row.fence()?;
        Ok(ClaimRow { fence, failed: row.word()?, undecoded: row.word()?, event: row.optional()? })
    })?;
    let exchange = Exchange {
        recorded: Vec::new(),
        claims,
        next_due: u64::try_from(number(what, next_due)?).ok().map(Duration::from_millis),
        more: number(what, more)? == 1,
        ended: Unpacked::new(what, &bytes(what, ended)?).all(Unpacked::long)?,
        unknown: number(what, unknown)? == 1,
    };
    Ok((exchange, bytes(what, codes)?))
}

/// Packed fences.
pub(super) fn fences(what: &str, value: Value) -> Result<Vec<Fence>, BackendError> {
    Unpacked::new(what, &bytes(what, value)?).all(Unpacked::fence)
}
