//! What people ask for, and housekeeping.

use std::time::Duration;

use redis::cmd;

use super::bytes::{Unpacked, millis};
use super::error::{contended, failed};
use super::reply::{bytes, list, number, text};
use super::scripts::{Composed, DELETE, PAUSE, STRAYS, SWEEP};
use super::shared::Shared;
use crate::backend::BackendError;
use crate::backend::store::{Key, Retention, Stray};

/// How long a worker that is not seen is kept.
const FORGET: Duration = Duration::from_hours(1);
/// How long ago a worker was seen at most, to count.
const PRESENT: Duration = Duration::from_mins(1);

/// So many processes go in one call at most: the server does nothing else meanwhile.
const MOST_SWEPT: usize = 1_000;

/// How often something is asked for again while a revision has the process, and after which pause.
const PATIENCE: usize = 3_000;
const STEP: Duration = Duration::from_millis(2);

impl Shared {
    pub(super) async fn set_paused(&self, key: Key, paused: bool) -> Result<bool, BackendError> {
        self.when_free("pause a process", &PAUSE, key, paused).await
    }

    pub(super) async fn remove(&self, key: Key, only_ended: bool) -> Result<bool, BackendError> {
        self.when_free("delete a process", &DELETE, key, only_ended).await
    }

    async fn when_free(
        &self,
        operation: &'static str,
        script: &Composed,
        key: Key,
        flag: bool,
    ) -> Result<bool, BackendError> {
        let id = key.to_be_bytes();
        let flag: &[u8] = if flag { b"1" } else { b"0" };
        for _ in 0..PATIENCE {
            let answer = self.work.run(operation, script, &self.keys, &[&id[..], flag]).await?;
            match number(operation, answer)? {
                0 => return Ok(false),
                1 => return Ok(true),
                _ => tokio::time::sleep(STEP).await,
            }
        }
        Err(contended(operation, "somebody is revising it all the time"))
    }

    pub(super) async fn set_queue_paused(&self, queue: &str, paused: bool) -> Result<(), BackendError> {
        let command = if paused { "SADD" } else { "SREM" };
        let key = self.keys.one("paused");
        let answer = self.work.send(cmd(command).arg(key).arg(queue)).await;
        answer.map(drop).map_err(failed("pause a queue"))
    }

    pub(super) async fn paused_queues(&self) -> Result<Vec<String>, BackendError> {
        let what = "read paused queues";
        let answer =
            self.work.send(cmd("SMEMBERS").arg(self.keys.one("paused"))).await.map_err(failed(what))?;
        list(what, answer)?.into_iter().map(|queue| text(what, queue)).collect()
    }

    pub(super) async fn sweep_some(&self, retention: Retention, limit: usize) -> Result<usize, BackendError> {
        let ages = [retention.completed, retention.failed, FORGET].map(|age| millis(age).to_string());
        let limit = limit.min(MOST_SWEPT).to_string();
        let arguments = [&ages[0], &ages[1], &ages[2], &limit].map(String::as_bytes);
        let answer = self.work.run("remove old processes", &SWEEP, &self.keys, &arguments).await?;
        Ok(usize::try_from(number("how many went", answer)?).unwrap_or(0))
    }

    pub(super) async fn stray_jobs(&self) -> Result<Vec<Stray>, BackendError> {
        let what = "jobs that nobody can do";
        let age = millis(PRESENT).to_string();
        let answer = self.work.run("look for strays", &STRAYS, &self.keys, &[age.as_bytes()]).await?;
        let mut values = list(what, answer)?.into_iter();
        let mut strays = Vec::new();
        while let (Some(route), Some(jobs), Some(first)) = (values.next(), values.next(), values.next()) {
            strays.push(Stray {
                route: Unpacked::new(what, &bytes(what, route)?).route()?,
                jobs: usize::try_from(number(what, jobs)?).unwrap_or(0),
                example: Unpacked::new(what, &bytes(what, first)?).member()?,
            });
        }
        Ok(strays)
    }
}
