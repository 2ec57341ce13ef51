//! Workers: how they enter, say that they live, and give jobs back. On a connection of its own, so that work that takes
//! long keeps nobody from renewing a lease (`R7`).

use std::time::Duration;

use tokio_postgres::types::Type;

use super::PostgresStore;
use super::fault::unreadable;
use super::row::{fences, list, micros, number, read_text, worker as uuid_of};
use crate::backend::BackendError;
use crate::backend::record::WorkerId;
use crate::backend::store::{Beat, Fence, RouteId};

impl PostgresStore {
    pub(super) async fn enter(
        &self,
        worker: WorkerId,
        routes: &[RouteId],
        lease: Duration,
    ) -> Result<(), BackendError> {
        let mut routes: Vec<i64> = routes.iter().copied().map(number).collect();
        routes.sort_unstable();
        routes.dedup();
        let (worker, lease) = (uuid_of(worker), micros(lease));
        let parameters =
            [(&worker as _, Type::UUID), (&routes as _, Type::INT8_ARRAY), (&lease as _, Type::INT8)];
        self.leases().query("enter a worker", &self.sql().join, &parameters).await?;
        Ok(())
    }

    pub(super) async fn sign_of_life(
        &self,
        worker: WorkerId,
        renew: bool,
        max_lost: u32,
    ) -> Result<Beat, BackendError> {
        let (worker, max_lost) = (uuid_of(worker), i64::from(max_lost));
        let parameters =
            [(&worker as _, Type::UUID), (&renew as _, Type::BOOL), (&max_lost as _, Type::INT8)];
        let row = self.leases().query_one("renew leases", &self.sql().beat, &parameters).await?;
        let reaped: i64 = row.try_get(10).map_err(|error| unreadable("an answer", &error))?;
        let stopping = list::<i64>(&row, 4)?.into_iter().zip(list::<bool>(&row, 5)?);
        Ok(Beat {
            held: fences(&row, 0)?,
            stopping: stopping
                .filter_map(|(key, cancelled)| Some((u64::try_from(key).ok()?, cancelled)))
                .collect(),
            expired: fences(&row, 6)?,
            reaped: usize::try_from(reaped).unwrap_or(0),
            overdue: list::<i64>(&row, 11)?.into_iter().filter_map(|key| u64::try_from(key).ok()).collect(),
            paused: list::<String>(&row, 12)?.into_iter().map(read_text).collect(),
        })
    }

    pub(super) async fn return_jobs(
        &self,
        worker: WorkerId,
        mut fences_held: Option<Vec<Fence>>,
    ) -> Result<Vec<Fence>, BackendError> {
        let worker = uuid_of(worker);
        if let Some(fences) = &mut fences_held {
            // Rows are locked in one order everywhere.
            fences.sort_unstable_by_key(|fence| (fence.key, fence.node));
            fences.dedup();
        }
        let held = fences_held.as_deref();
        let process: Option<Vec<i64>> = held.map(|all| all.iter().map(|fence| number(fence.key)).collect());
        let node: Option<Vec<i64>> = held.map(|all| all.iter().map(|fence| i64::from(fence.node)).collect());
        let attempt: Option<Vec<i64>> =
            held.map(|all| all.iter().map(|fence| i64::from(fence.attempt)).collect());
        let nonce: Option<Vec<i32>> =
            held.map(|all| all.iter().map(|fence| fence.nonce.cast_signed()).collect());
        let parameters = [
            (&worker as _, Type::UUID),
            (&process as _, Type::INT8_ARRAY),
            (&node as _, Type::INT8_ARRAY),
            (&attempt as _, Type::INT8_ARRAY),
            (&nonce as _, Type::INT4_ARRAY),
        ];
        let row = self.leases().query_one("give jobs back", &self.sql().give_back, &parameters).await?;
        fences(&row, 0)
    }
}
