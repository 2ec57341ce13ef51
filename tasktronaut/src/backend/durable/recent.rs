//! The plans that this program has enqueued lately, so that a worker of the same program need not read them again.

use std::collections::BTreeMap;

use crate::backend::store::{Key, NewProcess, PlanRow, Stored};

/// So many bytes of plans are kept at most.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Plans by the keys of their processes. Keys go up, so the first is the oldest.
#[derive(Default)]
pub(super) struct Recent {
    plans: BTreeMap<Key, PlanRow>,
    bytes: usize,
}

impl Recent {
    /// Keeps the plans of those that were created.
    pub(super) fn keep(&mut self, rows: &[NewProcess], stored: &[Stored]) {
        for (row, stored) in rows.iter().zip(stored) {
            let Stored::Created(key) = stored else { continue };
            // Keys begin anew where a store was replaced by an older one.
            self.take(*key);
            self.bytes += row.plan.len();
            let plan = PlanRow { identifier: row.identifier.clone(), plan: row.plan.clone() };
            self.plans.insert(*key, plan);
        }
        while self.bytes > MOST_BYTES
            && let Some((_, oldest)) = self.plans.pop_first()
        {
            self.bytes -= oldest.plan.len();
        }
    }

    /// Takes a plan out.
    pub(super) fn take(&mut self, key: Key) -> Option<PlanRow> {
        let plan = self.plans.remove(&key)?;
        self.bytes -= plan.plan.len();
        Some(plan)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::backend::store::Release;

    fn process(name: &str, bytes: usize) -> NewProcess {
        NewProcess {
            identifier: name.to_owned(),
            definition: "d".to_owned(),
            plan: vec![0; bytes],
            priority: 0,
            first: Release { node: 0, route: 1, concludes: false },
            start_after: Duration::ZERO,
            deadline: None,
            meetings: Vec::new(),
        }
    }

    #[test]
    fn a_plan_is_taken_once_and_only_if_it_was_created_here() {
        let mut recent = Recent::default();
        recent.keep(&[process("new", 1), process("known", 1)], &[Stored::Created(7), Stored::Known(3)]);
        assert_eq!(recent.take(7).map(|row| row.identifier), Some("new".to_owned()));
        assert!(recent.take(7).is_none());
        assert!(recent.take(3).is_none());
        recent.keep(&[process("old", 1)], &[Stored::Created(1)]);
        recent.keep(&[process("other", 2)], &[Stored::Created(1)]);
        assert_eq!(recent.take(1).map(|row| row.identifier), Some("other".to_owned()));
        assert_eq!(recent.bytes, 0);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut recent = Recent::default();
        let half = MOST_BYTES / 2;
        recent.keep(&[process("a", half), process("b", half)], &[Stored::Created(1), Stored::Created(2)]);
        recent.keep(&[process("c", 1)], &[Stored::Created(3)]);
        assert!(recent.take(1).is_none());
        assert!(recent.take(2).is_some() && recent.take(3).is_some());
        assert_eq!(recent.bytes, 0);
    }
}
