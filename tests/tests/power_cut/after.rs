//! When the power is back: what is there, and whether it goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tasktronaut::JobState;
use tasktronaut::backend::{ProcessFilter, ProcessState, WorkerId};
use tasktronaut::prelude::*;
use tasktronaut_tests::ledger::{LEASE, registry};

/// How long everything may take that was begun.
const PATIENCE: Duration = Duration::from_secs(30);

/// The store as it was found, in a folder of its own: one that is about to be closed removes its log by name.
pub struct Power {
    folder: PathBuf,
}

impl Power {
    /// Puts the files there that the disk has kept.
    pub fn is_back(folder: &Path, files: BTreeMap<String, Vec<u8>>) -> Self {
        let folder = folder.join(WorkerId::random().to_string());
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        for (name, content) in files {
            std::fs::write(folder.join(name), content).expect("a file can be written");
        }
        Self { folder }
    }

    fn database(&self) -> PathBuf {
        self.folder.join("ledger.db")
    }

    async fn store(&self) -> Result<AnyBackend, String> {
        let url = format!("sqlite:{}", self.database().display());
        AnyBackend::open(&url).await.map_err(|error| error.to_string())
    }

    /// The database is sound, and has everything that was acknowledged.
    pub async fn keeps(&self, said: &[&str]) -> Result<(), String> {
        let client = Client::new(&self.store().await?);
        let raw = rusqlite::Connection::open(self.database()).map_err(|error| error.to_string())?;
        let verdict = raw.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
        let verdict = verdict.unwrap_or_else(|error| error.to_string());
        if verdict != "ok" {
            return Err(verdict);
        }
        let mut found = BTreeMap::new();
        for line in said {
            let words: Vec<&str> = line.split(' ').collect();
            let (["enqueued" | "ended", identifier] | ["recorded", identifier, _]) = words.as_slice() else {
                continue;
            };
            if !found.contains_key(identifier) {
                let status = client.handle(identifier).status().await;
                found.insert(*identifier, status.map_err(|error| format!("{line}: {error}"))?);
            }
            let status = &found[identifier];
            let is_kept = match words.as_slice() {
                ["ended", _] => matches!(status.outcome, Some(Outcome::Completed)),
                ["recorded", _, job] => {
                    let job = status.jobs.iter().find(|known| known.number.to_string() == **job);
                    job.is_some_and(|job| job.state == JobState::Succeeded)
                }
                _ => true,
            };
            if !is_kept {
                return Err(format!("{line}: {status:?}"));
            }
        }
        Ok(())
    }

    /// Workers complete whatever is there.
    pub async fn goes_on(&self) -> Result<(), String> {
        let store = self.store().await?;
        let registry = registry().map_err(|error| error.to_string())?;
        let worker = Worker::new(store.clone()).registry(&registry).lease(LEASE).start();
        let worker = worker.map_err(|error| error.to_string())?;
        let client = Client::new(&store);
        let page =
            client.list(&ProcessFilter::new().limit(1_000)).await.map_err(|error| error.to_string())?;
        for process in page.processes {
            let outcome = tokio::time::timeout(PATIENCE, client.handle(&process.identifier).outcome()).await;
            if !matches!(outcome, Ok(Ok(Outcome::Completed))) {
                return Err(format!("{} does not complete: {outcome:?}", process.identifier));
            }
        }
        worker.shutdown().await;
        let active = client.list(&ProcessFilter::new().state(ProcessState::Active)).await;
        let active = active.map_err(|error| error.to_string())?;
        if active.processes.is_empty() { Ok(()) } else { Err(format!("{active:?}")) }
    }
}

impl Drop for Power {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
