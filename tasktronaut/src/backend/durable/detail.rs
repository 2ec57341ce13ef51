//! What the rules note of a process and its jobs, as opaque bytes for a store: JSON, so that people can read it.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cut::cut;
use crate::definition::hooks::{Hook, HookEvent};
use crate::plan::run::Run;
use crate::plan::{Failure, NodeKind, Outcome, Plan};
use crate::words::error::{TaskError, TaskErrorKind, full_text};

/// The outcomes by their numbers in a store.
pub(super) const COMPLETED: u8 = 1;
pub(super) const FAILED: u8 = 2;
pub(super) const CANCELLED: u8 = 3;

/// What is noted of a process.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Memo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<StoredFailure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failures: Vec<StoredFailure>,
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    events: HashMap<u32, StoredEvent>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct StoredFailure {
    definition: String,
    step: String,
    scope: u32,
    error: StoredError,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct StoredError {
    kind: String,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredEvent {
    Started,
    Completed,
    Cancelled,
    Failed { step: String, error: StoredError },
}

impl Memo {
    /// What is to be noted of a process in this state.
    pub(super) fn of(run: &Run) -> Self {
        let mut memo = Self {
            failures: run.failures.iter().map(StoredFailure::of).collect(),
            events: run.events.iter().map(|(scope, event)| (*scope, StoredEvent::of(event))).collect(),
            ..Self::default()
        };
        match &run.outcome {
            Some(Outcome::Failed(failure)) => memo.failure = Some(StoredFailure::of(failure)),
            Some(Outcome::Cancelled { reason }) => memo.reason = Some(cut(reason)),
            Some(Outcome::Completed) | None => {}
        }
        memo
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Texts and numbers can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The memo of these bytes; none are a memo without notes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        if bytes.is_empty() { Ok(Self::default()) } else { serde_json::from_slice(bytes) }
    }

    /// Puts what was noted back into the state of the process.
    pub(super) fn restore(self, outcome: Option<u8>, run: &mut Run) {
        run.outcome = self.outcome(outcome);
        run.failures = self.failures.into_iter().map(StoredFailure::restore).collect();
        run.events = self.events.into_iter().map(|(scope, event)| (scope, event.restore())).collect();
    }

    /// Whether the terminal hook of a scope is told something else than that it has completed.
    pub(super) fn tells(&self, scope: u32) -> bool {
        self.events.contains_key(&scope)
    }

    /// Whether no task has made the process fail, but the time that it took (`R15`). What tasks fail with is among the
    /// failures, too.
    pub(super) fn has_failed_as_a_whole(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| !self.failures.contains(failure))
    }

    /// The name of the hook that a node is, or will be: as [`Run::hook_of`] says it.
    pub(super) fn hook_of(&self, plan: &Plan, node: u32) -> &'static str {
        let record = &plan.nodes[node as usize];
        let hook = match (record.kind, self.events.get(&record.scope)) {
            (NodeKind::Started, _) | (_, Some(StoredEvent::Started)) => Hook::Started,
            (_, None | Some(StoredEvent::Completed)) => Hook::Completed,
            (_, Some(StoredEvent::Cancelled)) => Hook::Cancelled,
            (_, Some(StoredEvent::Failed { .. })) => Hook::Failed,
        };
        hook.name()
    }

    /// The outcome of a number, with what was noted of it.
    pub(super) fn outcome(&self, code: Option<u8>) -> Option<Outcome> {
        match code? {
            FAILED => {
                Some(Outcome::Failed(self.failure.clone().map_or_else(lost_failure, StoredFailure::restore)))
            }
            CANCELLED => Some(Outcome::Cancelled { reason: self.reason.clone().unwrap_or_default().into() }),
            _ => Some(Outcome::Completed),
        }
    }
}

/// A process that has failed, of which the store does not say why.
fn lost_failure() -> Failure {
    let error = Arc::new(TaskError::new("the store does not say why"));
    Failure { definition: "".into(), step: "".into(), scope: 0, error }
}

impl StoredFailure {
    fn of(failure: &Failure) -> Self {
        Self {
            definition: failure.definition.to_string(),
            step: failure.step.to_string(),
            scope: failure.scope,
            error: StoredError::of(&failure.error),
        }
    }

    fn restore(self) -> Failure {
        Failure {
            definition: self.definition.into(),
            step: self.step.into(),
            scope: self.scope,
            error: Arc::new(self.error.restore()),
        }
    }
}

impl StoredError {
    fn of(error: &TaskError) -> Self {
        let text = crate::definition::unwind::unwound(|| full_text(error.error()));
        Self {
            kind: error.kind().as_str().to_owned(),
            text: text.map_or_else(|_| "an error that cannot be shown".to_owned(), |text| cut(&text)),
        }
    }

    fn restore(self) -> TaskError {
        let kind = TaskErrorKind::from_name(&self.kind).unwrap_or(TaskErrorKind::Failed);
        TaskError::of_kind(kind, self.text)
    }
}

impl StoredEvent {
    fn of(event: &HookEvent) -> Self {
        match event {
            HookEvent::Started => Self::Started,
            HookEvent::Completed => Self::Completed,
            HookEvent::Cancelled => Self::Cancelled,
            HookEvent::Failed { step, error } => {
                Self::Failed { step: step.to_string(), error: StoredError::of(error) }
            }
        }
    }

    fn restore(self) -> HookEvent {
        match self {
            Self::Started => HookEvent::Started,
            Self::Completed => HookEvent::Completed,
            Self::Cancelled => HookEvent::Cancelled,
            Self::Failed { step, error } => {
                HookEvent::Failed { step: step.into(), error: Arc::new(error.restore()) }
            }
        }
    }
}

/// The number of an outcome.
pub(super) fn outcome_code(outcome: Option<&Outcome>) -> Option<u8> {
    Some(match outcome? {
        Outcome::Completed => COMPLETED,
        Outcome::Failed(_) => FAILED,
        Outcome::Cancelled { .. } => CANCELLED,
    })
}

pub(super) fn error_to_bytes(error: &TaskError) -> Vec<u8> {
    serde_json::to_vec(&StoredError::of(error)).unwrap_or_default()
}

/// The error of these bytes; what cannot be read is shown as it is.
pub(super) fn error_from_bytes(bytes: &[u8]) -> TaskError {
    match serde_json::from_slice::<StoredError>(bytes) {
        Ok(error) => error.restore(),
        Err(_) => TaskError::new(String::from_utf8_lossy(bytes).into_owned()),
    }
}

pub(super) fn event_to_bytes(event: &HookEvent) -> Vec<u8> {
    serde_json::to_vec(&StoredEvent::of(event)).unwrap_or_default()
}

pub(super) fn event_from_bytes(bytes: &[u8]) -> Result<HookEvent, serde_json::Error> {
    serde_json::from_slice::<StoredEvent>(bytes).map(StoredEvent::restore)
}

#[cfg(test)]
mod tests {
    use super::super::cut::MOST;
    use super::*;
    use crate::plan::rules::{JobFailure, Verdict};
    use crate::plan::run::{Effects, Turn};
    use crate::{Arguments, BuildError, Builder, ProcessBuilder, ProcessDefinition, Task};

    /// A definition with a task of the same name.
    struct Slow;

    impl ProcessDefinition for Slow {
        type Arguments = Arguments;

        fn name(&self) -> &'static str {
            "slow"
        }

        fn tasks(&self) -> &'static [Task<Self>] {
            const TASKS: &[Task<Slow>] = &[Task::plain("slow", |_| Ok(()))];
            TASKS
        }

        fn instance() -> Option<Self> {
            Some(Self)
        }

        fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
            builder.task("slow");
            Ok(())
        }
    }

    /// What is noted after a change of a process whose task is at work.
    fn noted(change: impl FnOnce(&mut Turn<'_>)) -> Memo {
        let plan = ProcessBuilder::<Slow>::new(Arguments::new()).build().unwrap().plan();
        let mut run = Run::new(&plan);
        change(&mut Turn { plan: &plan, run: &mut run, effects: &mut Effects::default() });
        Memo::from_bytes(&Memo::of(&run).to_bytes()).unwrap()
    }

    #[test]
    fn r21_long_texts_are_not_kept_whole() {
        let long = "much ".repeat(MOST);
        let cancelled = noted(|turn| turn.stop(Outcome::Cancelled { reason: long.as_str().into() }));
        assert_eq!(cancelled.reason, Some(cut(&long)));
        let failed = noted(|turn| {
            let error = Arc::new(TaskError::new(long.as_str()));
            turn.end(1, Some(JobFailure { error, verdict: Verdict::Fail }));
        });
        assert_eq!(failed.failures[0].error.text, cut(&long));
        assert!(!failed.has_failed_as_a_whole());
        let error = error_from_bytes(&error_to_bytes(&TaskError::new(long.as_str())));
        assert_eq!(error.to_string(), cut(&long));
    }

    #[test]
    fn r15_a_process_that_took_too_long_is_told_from_a_task_that_did() {
        let whole = noted(|turn| {
            turn.expire();
        });
        let of_task = noted(|turn| {
            let error = Arc::new(TaskError::of_kind(TaskErrorKind::Timeout, "too slow"));
            turn.end(1, Some(JobFailure { error, verdict: Verdict::Fail }));
        });
        let steps = [&whole, &of_task].map(|memo| memo.failure.as_ref().map(|failure| failure.step.as_str()));
        assert_eq!(steps, [Some("slow"); 2]);
        assert!(whole.has_failed_as_a_whole());
        assert!(!of_task.has_failed_as_a_whole());
        assert!(!noted(|_| ()).has_failed_as_a_whole());
    }
}
