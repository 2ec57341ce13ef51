//! What people ask for, and what is cleared away.

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::PostgresStore;
use super::fault::unreadable;
use super::row::{micros, number, text};
use super::session::Parameters;
use crate::backend::BackendError;
use crate::backend::store::{Key, Retention};

impl PostgresStore {
    pub(super) async fn hold_process(&self, key: Key, paused: bool) -> Result<bool, BackendError> {
        self.ask(
            "pause a process",
            &self.sql().pause_process,
            &[(&number(key), Type::INT8), (&paused, Type::BOOL)],
        )
        .await
    }

    pub(super) async fn hold_queue(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        let sql = if paused { &self.sql().pause_queue } else { &self.sql().resume_queue };
        self.change().query("pause a queue", sql, &[(&text(queue), Type::TEXT)]).await?;
        Ok(())
    }

    pub(super) async fn held_queues(&self) -> Result<Vec<String>, BackendError> {
        // Who asks is a worker that enters, from the thread of its signs of life.
        let rows = self.leases().query("read paused queues", &self.sql().paused_queues, &[]).await?;
        let name = |row: &Row| row.try_get(0).map_err(|error| unreadable("a paused queue", &error));
        rows.iter().map(name).collect()
    }

    pub(super) async fn remove(&self, key: Key, only_ended: bool) -> Result<bool, BackendError> {
        self.ask(
            "delete a process",
            &self.sql().delete,
            &[(&number(key), Type::INT8), (&only_ended, Type::BOOL)],
        )
        .await
    }

    pub(super) async fn clear(&self, retention: Retention, limit: usize) -> Result<usize, BackendError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (completed, failed) = (micros(retention.completed), micros(retention.failed));
        let times: [&(dyn ToSql + Sync); 3] = [&completed, &failed, &limit];
        let removed: i64 = self
            .ask("remove old processes", &self.sql().sweep, &times.map(|time| (time, Type::INT8)))
            .await?;
        Ok(usize::try_from(removed).unwrap_or(0))
    }

    /// The one value that a function of the schema answers.
    async fn ask<T: for<'a> tokio_postgres::types::FromSql<'a>>(
        &self,
        operation: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<T, BackendError> {
        let row = self.change().query_one(operation, sql, parameters).await?;
        row.try_get(0).map_err(|error| unreadable("an answer", &error))
    }
}
