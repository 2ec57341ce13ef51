//! Reading: plans, processes, jobs.

use redis::{Pipeline, Value};

use super::error::failed;
use super::reply::{bytes, key, list, text, tuple};
use super::row;
use super::scripts::{FIND, JOBS, LIST};
use super::shared::Shared;
use crate::backend::BackendError;
use crate::backend::store::{JobRow, Key, ListFilter, PlanRow, ProcessRow};

/// How many processes one page of a list looks at.
const PAGE: &str = "500";

impl Shared {
    pub(super) async fn plans_of(&self, keys: &[Key]) -> Result<Vec<Option<PlanRow>>, BackendError> {
        const WHAT: &str = "read plans";
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut commands = Pipeline::with_capacity(keys.len() * 2);
        for key in keys {
            commands.cmd("GET").arg(self.keys.of("plan", *key));
            commands.cmd("HGET").arg(self.keys.of("p", *key)).arg("identifier");
        }
        let mut values =
            self.work.send_all(&commands, keys.len() * 2).await.map_err(failed(WHAT))?.into_iter();
        let mut plans = Vec::with_capacity(keys.len());
        for key in keys {
            let row = plan(*key, values.next(), values.next());
            // One that makes no sense keeps nobody from the others.
            plans
                .push(row.inspect_err(|error| tracing::error!(%error, "a plan is left out")).unwrap_or(None));
        }
        Ok(plans)
    }

    pub(super) async fn find_one(&self, identifier: &str) -> Result<Option<ProcessRow>, BackendError> {
        let answer = self.work.run("find a process", &FIND, &self.keys, &[identifier.as_bytes()]).await?;
        if answer == Value::Nil {
            return Ok(None);
        }
        let what = format!("process `{identifier}`");
        let [number, row] = tuple(&what, answer)?;
        row::process(key(&what, number)?, row).map(Some)
    }

    pub(super) async fn jobs_of(&self, key: Key) -> Result<Vec<JobRow>, BackendError> {
        let id = key.to_be_bytes();
        let answer = self.work.run("read jobs", &JOBS, &self.keys, &[&id[..]]).await?;
        let [records, notes] = tuple("jobs", answer)?;
        row::jobs(key, records, notes)
    }

    pub(super) async fn list_some(&self, filter: &ListFilter) -> Result<Vec<ProcessRow>, BackendError> {
        let outcome = filter.outcome.map_or(String::new(), |outcome| outcome.to_string());
        let definition =
            filter.definition.as_ref().map_or(String::new(), |definition| format!("={definition}"));
        let prefix = filter.prefix.as_deref().unwrap_or_default();
        let (mut after, mut rows) = (filter.after.to_string(), Vec::new());
        while rows.len() < filter.limit {
            let wanted = (filter.limit - rows.len()).to_string();
            let arguments = [&definition, &outcome, prefix, &after, &wanted, PAGE].map(str::as_bytes);
            let answer = self.work.run("list processes", &LIST, &self.keys, &arguments).await?;
            let what = "a list of processes";
            let [last, page] = tuple(what, answer)?;
            let mut page = list(what, page)?.into_iter();
            while let (Some(number), Some(row)) = (page.next(), page.next()) {
                match row::process(key(what, number)?, row) {
                    Ok(row) => rows.push(row),
                    Err(error) => tracing::warn!(%error, "a process is left out"),
                }
            }
            after = text(what, last)?;
            if after == "-1" {
                break;
            }
        }
        Ok(rows)
    }
}

fn plan(key: Key, plan: Option<Value>, identifier: Option<Value>) -> Result<Option<PlanRow>, BackendError> {
    let what = format!("plan of process {key}");
    match (plan, identifier) {
        (Some(Value::Nil), _) | (_, Some(Value::Nil)) => Ok(None),
        (Some(plan), Some(identifier)) => {
            Ok(Some(PlanRow { identifier: text(&what, identifier)?, plan: bytes(&what, plan)? }))
        }
        _ => Ok(None),
    }
}
