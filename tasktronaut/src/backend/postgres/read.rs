//! Reading, on a connection of its own.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::PostgresStore;
use super::fault::unreadable;
use super::row::{job, list, number, process, read_text, text};
use crate::backend::BackendError;
use crate::backend::store::{JobRow, Key, ListFilter, PlanRow, ProcessRow, Stray};

impl PostgresStore {
    pub(super) async fn read_plans(&self, keys: &[Key]) -> Result<Vec<Option<PlanRow>>, BackendError> {
        let wanted: Vec<i64> = keys.iter().copied().map(number).collect();
        let rows =
            self.reads().query("read plans", &self.sql().plans, &[(&wanted, Type::INT8_ARRAY)]).await?;
        rows.iter().map(plan).collect()
    }

    pub(super) async fn read_process(&self, identifier: &str) -> Result<Option<ProcessRow>, BackendError> {
        let identifier = text(identifier);
        let rows =
            self.reads().query("find a process", &self.sql().find, &[(&identifier, Type::TEXT)]).await?;
        rows.first().map(process).transpose()
    }

    pub(super) async fn read_jobs(&self, key: Key) -> Result<Vec<JobRow>, BackendError> {
        let rows = self.reads().query("read jobs", &self.sql().jobs, &[(&number(key), Type::INT8)]).await?;
        rows.iter().map(job).collect()
    }

    /// A process that makes no sense is left out, so that the others can be seen.
    pub(super) async fn read_list(&self, filter: &ListFilter) -> Result<Vec<ProcessRow>, BackendError> {
        let definition = filter.definition.as_deref().map(text);
        let prefix = filter.prefix.as_deref().map(text);
        let outcome = filter.outcome.map(i16::from);
        let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
        let after = i64::try_from(filter.after).unwrap_or(i64::MAX);
        let parameters = [
            (&definition as _, Type::TEXT),
            (&outcome as _, Type::INT2),
            (&prefix as _, Type::TEXT),
            (&after as _, Type::INT8),
            (&limit as _, Type::INT8),
        ];
        let rows = self.reads().query("list processes", &self.sql().list, &parameters).await?;
        let processes = rows.iter().filter_map(|row| {
            process(row).inspect_err(|error| tracing::warn!(%error, "a process is left out")).ok()
        });
        Ok(processes.collect())
    }

    pub(super) async fn read_strays(&self) -> Result<Vec<Stray>, BackendError> {
        let row = self.reads().query_one("look for stray jobs", &self.sql().strays, &[]).await?;
        let routes = list::<i64>(&row, 0)?.into_iter().zip(list::<i64>(&row, 1)?);
        let examples = list::<i64>(&row, 2)?.into_iter().zip(list::<i64>(&row, 3)?);
        let strays = routes.zip(examples).filter_map(|((route, jobs), (process, node))| {
            Some(Stray {
                route: u64::try_from(route).ok()?,
                jobs: usize::try_from(jobs).ok()?,
                example: (u64::try_from(process).ok()?, u32::try_from(node).ok()?),
            })
        });
        Ok(strays.collect())
    }
}

/// A plan, of the columns of `Statements::plans`.
pub(super) fn plan(row: &Row) -> Result<Option<PlanRow>, BackendError> {
    let identifier: Option<String> = row.try_get(0).map_err(|error| unreadable("plan", &error))?;
    let plan: Option<Vec<u8>> = row.try_get(1).map_err(|error| unreadable("plan", &error))?;
    let plan = identifier.zip(plan);
    Ok(plan.map(|(identifier, plan)| PlanRow { identifier: read_text(identifier), plan }))
}
