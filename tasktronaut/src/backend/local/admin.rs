//! What is done to processes from outside, besides cancelling them.

use std::sync::Arc;

use super::store::{Store, unknown};
use crate::backend::BackendError;
use crate::backend::record::{ProcessFilter, ProcessPage, ProcessState, ProcessSummary};
use crate::plan::{Outcome, Plan};
use crate::words::clock::Moment;

impl Store {
    /// Lets a failed process go on: see [`Turn::resume`](crate::plan::run::Turn::resume).
    pub(super) fn retry_failed(&mut self, identifier: &str, now: Moment) -> Result<(), BackendError> {
        let key = self.key_of(identifier)?;
        let run = self.runs.get_mut(key).ok_or_else(|| unknown(identifier))?;
        let has_failed = matches!(run.state.outcome, Some(Outcome::Failed(_)));
        if !(has_failed && run.state.ended) {
            let state = ProcessState::of(run.state.outcome.as_ref());
            return Err(BackendError::not_to_go_on(identifier, state));
        }
        run.renew_session();
        self.ended.retain(|(_, ended)| *ended != key);
        self.limit(key, now);
        self.change(key, |turn| {
            turn.resume();
        });
        Ok(())
    }

    pub(super) fn pause(&mut self, identifier: &str, paused: bool) -> Result<(), BackendError> {
        let key = self.key_of(identifier)?;
        let run = self.runs.get_mut(key).ok_or_else(|| unknown(identifier))?;
        run.paused = paused;
        if !paused {
            let held = std::mem::take(&mut run.held);
            self.push(key, held);
        }
        Ok(())
    }

    /// Removes a process that has ended.
    pub(super) fn delete(&mut self, identifier: &str) -> Result<(), BackendError> {
        let key = self.key_of(identifier)?;
        let run = self.runs.get(key).ok_or_else(|| unknown(identifier))?;
        if !run.state.ended {
            let state = ProcessState::of(run.state.outcome.as_ref());
            return Err(BackendError::not_to_be_deleted(identifier, state));
        }
        self.ended.retain(|(_, ended)| *ended != key);
        self.forget(key);
        Ok(())
    }

    pub(super) fn plan(&self, identifier: &str) -> Result<Arc<Plan>, BackendError> {
        Ok(Arc::clone(&self.run(identifier)?.process.plan))
    }

    pub(super) fn list(&self, filter: &ProcessFilter) -> ProcessPage {
        let mut found: Vec<(u64, ProcessSummary)> = self
            .runs
            .all()
            .filter(|run| run.sequence > filter.after)
            .filter_map(|run| {
                let state = ProcessState::of(run.state.outcome.as_ref());
                let identifier = run.plan().identifier();
                let definition = run.plan().definition_of(0).name();
                let fits = filter.definition.as_deref().is_none_or(|name| name == definition)
                    && filter.state.is_none_or(|wanted| wanted == state)
                    && filter.prefix.as_deref().is_none_or(|prefix| identifier.starts_with(prefix));
                fits.then(|| {
                    let summary = ProcessSummary {
                        identifier: identifier.to_owned(),
                        definition: definition.to_owned(),
                        state,
                        ended: run.state.ended,
                        paused: run.paused,
                        created_at: None,
                    };
                    (run.sequence, summary)
                })
            })
            .collect();
        found.sort_by_key(|(sequence, _)| *sequence);
        let size = filter.page_size();
        let next = if found.len() > size { Some(found[size - 1].0) } else { None };
        found.truncate(size);
        ProcessPage { processes: found.into_iter().map(|(_, summary)| summary).collect(), next }
    }
}
