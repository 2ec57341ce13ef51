//! The processes, each in a slot; a key is the slot and how often it has been used.

use super::run::Run;

/// All processes by their keys.
#[derive(Default)]
pub(super) struct Slots {
    slots: Vec<(u32, Option<Run>)>,
    free: Vec<usize>,
}

impl Slots {
    /// The key of the process that is inserted next.
    pub(super) fn free_key(&mut self) -> u64 {
        let slot = match self.free.last() {
            Some(slot) => *slot,
            None => {
                self.slots.push((0, None));
                self.free.push(self.slots.len() - 1);
                self.slots.len() - 1
            }
        };
        (u64::from(self.slots[slot].0) << 32) | u64::try_from(slot).unwrap_or(u64::MAX)
    }

    pub(super) fn insert(&mut self, run: Run) {
        if let Some(slot) = self.free.pop() {
            self.slots[slot].1 = Some(run);
        }
    }

    pub(super) fn get(&self, key: u64) -> Option<&Run> {
        self.slots.get(slot_of(key))?.1.as_ref().filter(|run| run.process.key == key)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Run> {
        self.slots.get_mut(slot_of(key))?.1.as_mut().filter(|run| run.process.key == key)
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<Run> {
        self.get(key)?;
        let slot = slot_of(key);
        self.free.push(slot);
        self.slots[slot].0 = self.slots[slot].0.wrapping_add(1);
        self.slots[slot].1.take()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Run> {
        self.slots.iter().filter_map(|(_, run)| run.as_ref())
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Run> {
        self.slots.iter_mut().filter_map(|(_, run)| run.as_mut())
    }
}

fn slot_of(key: u64) -> usize {
    usize::try_from(key & u64::from(u32::MAX)).unwrap_or(usize::MAX)
}
