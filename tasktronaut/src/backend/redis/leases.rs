//! Workers: entering, signs of life, giving back. On a connection of their own (`R7`), but for entering.

use std::time::Duration;

use super::bytes::{Packed, Unpacked, millis};
use super::error::contended;
use super::exchange::fences;
use super::reply::{bytes, key, list, number, text, tuple};
use super::scripts::{BEAT, GIVE_BACK, JOIN};
use super::shared::Shared;
use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::backend::store::{Beat, Fence, RouteId};

/// How often jobs are given back again that a revision keeps waiting, and after which pause.
const PATIENCE: usize = 3_000;
const PAUSE: Duration = Duration::from_millis(2);

impl Shared {
    pub(super) async fn enter(
        &self,
        worker: WorkerId,
        routes: &[RouteId],
        lease: Duration,
    ) -> Result<(), BackendError> {
        let mut packed = Packed::default();
        for route in routes {
            packed.route(*route);
        }
        let (id, lease) = (worker.as_u128().to_be_bytes(), millis(lease).to_string());
        let arguments = [&id[..], lease.as_bytes(), &packed.0];
        self.work.run("enter a worker", &JOIN, &self.keys, &arguments).await.map(drop)
    }

    pub(super) async fn sign_of_life(
        &self,
        worker: WorkerId,
        renew: bool,
        max_lost: u32,
    ) -> Result<Beat, BackendError> {
        let (id, max_lost) = (worker.as_u128().to_be_bytes(), max_lost.to_string());
        let renew: &[u8] = if renew { b"1" } else { b"0" };
        let arguments = [&id[..], renew, max_lost.as_bytes()];
        let answer = self.leases.run("renew leases", &BEAT, &self.keys, &arguments).await?;
        let what = "the answer to a sign of life";
        let [held, stopping, expired, reaped, overdue, paused] = tuple(what, answer)?;
        Ok(Beat {
            held: fences(what, held)?,
            stopping: Unpacked::new(what, &bytes(what, stopping)?)
                .all(|row| Ok((row.key()?, row.byte()? == 1)))?,
            expired: fences(what, expired)?,
            reaped: usize::try_from(number(what, reaped)?).unwrap_or(0),
            overdue: list(what, overdue)?
                .into_iter()
                .map(|value| key(what, value))
                .collect::<Result<_, _>>()?,
            paused: list(what, paused)?
                .into_iter()
                .map(|value| text(what, value))
                .collect::<Result<_, _>>()?,
        })
    }

    pub(super) async fn return_jobs(
        &self,
        worker: WorkerId,
        given: Option<Vec<Fence>>,
    ) -> Result<Vec<Fence>, BackendError> {
        const WHAT: &str = "give jobs back";
        let id = worker.as_u128().to_be_bytes();
        let mut leaves: &[u8] = if given.is_none() { b"1" } else { b"0" };
        let (mut given, mut revise) = (given.unwrap_or_default(), Vec::new());
        for _ in 0..PATIENCE {
            let mut packed = Packed::default();
            for fence in &given {
                packed.fence(fence);
            }
            let arguments = [&id[..], leaves, &packed.0];
            let answer = self.leases.run(WHAT, &GIVE_BACK, &self.keys, &arguments).await?;
            let [refused, busy] = tuple(WHAT, answer)?;
            revise.extend(fences(WHAT, refused)?);
            given = fences(WHAT, busy)?;
            leaves = b"0";
            if given.is_empty() {
                return Ok(revise);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(contended(WHAT, "their processes are being revised all the time"))
    }
}
