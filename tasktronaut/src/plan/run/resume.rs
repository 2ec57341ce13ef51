//! How a process that has failed goes on from where it failed.

use super::Turn;
use crate::plan::{JobState, NO_SCOPE, NodeKind};

impl Turn<'_> {
    /// Begins again what has failed or was skipped, and everything that follows it; what has succeeded stays.
    ///
    /// Failed jobs get a new budget of retries. A sub-process whose hooks were told that it did not complete is under
    /// way again, and is told once more how it ends.
    pub(crate) fn resume(&mut self) {
        let plan = self.plan;
        self.run.outcome = None;
        self.run.stopping = false;
        self.run.ended = false;
        self.run.failures.clear();

        // A terminal hook is done for good only where its scope has completed.
        let events = std::mem::take(&mut self.run.events);
        let is_done: Vec<bool> = (0..plan.nodes.len())
            .map(|node| {
                let record = plan.nodes[node];
                let state = self.run.jobs[node].state;
                match record.kind {
                    NodeKind::Task => state == JobState::Succeeded,
                    // A join says nothing of its own: it is done when all that it waits for is.
                    NodeKind::Join => true,
                    // A hook that was given up holds up nothing (`R14`).
                    NodeKind::Started => matches!(state, JobState::Succeeded | JobState::Failed),
                    NodeKind::Terminal => {
                        matches!(state, JobState::Succeeded | JobState::Failed)
                            && !events.contains_key(&record.scope)
                            && record.scope != 0
                    }
                }
            })
            .collect();

        let mut waits: Vec<u32> = plan.nodes.iter().map(|node| node.waits_for).collect();
        // Dependents have greater numbers, so one pass sees everything before what follows it.
        for node in 0..plan.nodes.len() {
            let number = u32::try_from(node).unwrap_or(NO_SCOPE);
            let ends = is_done[node] && waits[node] == 0;
            if ends {
                for dependent in plan.dependents_of(number) {
                    waits[*dependent as usize] -= 1;
                }
            }
            let kind = plan.nodes[node].kind;
            let job = &mut self.run.jobs[node];
            job.waits_for = waits[node];
            job.poisoned = false;
            if ends {
                if kind == NodeKind::Join {
                    job.state = JobState::Succeeded;
                }
                continue;
            }
            job.failed = 0;
            // No fence holds any more: an end of the time before must not count again (`R4`).
            job.nonce = 0;
            if waits[node] > 0 {
                job.state = JobState::Blocked;
                self.set(number, JobState::Blocked);
            } else {
                self.run.errors.remove(&number);
                self.set(number, JobState::Ready);
                self.effects.ready.push(number);
            }
        }
    }
}
