//! A disk: what of the files it is sure to have, and what it may have.

use std::collections::BTreeMap;

use crate::record::Event;

/// What a disk writes wholly or not at all.
const SECTOR: usize = 512;

/// A name, and the file that it stands for, or none any more.
type Naming = (String, Option<usize>);

#[derive(Default)]
pub struct Disk {
    files: Vec<File>,
    /// The files as programs see them.
    names: BTreeMap<String, usize>,
    /// The files as they are on the disk.
    synced_names: BTreeMap<String, usize>,
    /// What programs have done to names since the folder was synced. A journal keeps the order.
    unsynced_names: Vec<Naming>,
    /// How much of which file, or of the folder, a sync is about to write.
    syncing: BTreeMap<u64, (Option<usize>, usize)>,
}

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl Disk {
    /// Sees what a program does. Syncs count only where they are heeded.
    pub fn see(&mut self, event: &Event, heeds: impl Fn(&str) -> bool) {
        match event {
            Event::Created(name) if !self.names.contains_key(name) => {
                self.files.push(File::default());
                self.name(name, Some(self.files.len() - 1));
            }
            Event::Removed(name) => self.name(name, None),
            Event::Written { name, at, bytes } => {
                self.change(name, Change::Write { at: *at, bytes: bytes.clone() });
            }
            Event::Truncated { name, length } => self.change(name, Change::Truncate(*length)),
            // What is written while a sync is under way may come too late for it.
            Event::SyncBegun { by, name: Some(name) } if heeds(name) => {
                let file = self.names.get(name).copied();
                let changes = file.map_or(0, |file| self.files[file].unsynced.len());
                self.syncing.insert(*by, (file, changes));
            }
            Event::SyncBegun { by, name: None } => {
                self.syncing.insert(*by, (None, self.unsynced_names.len()));
            }
            Event::SyncEnded { by } => self.end_sync(*by),
            Event::Created(_) | Event::SyncBegun { .. } | Event::Said(_) => {}
        }
    }

    fn name(&mut self, name: &str, file: Option<usize>) {
        rename(&mut self.names, (name.to_owned(), file));
        self.unsynced_names.push((name.to_owned(), file));
    }

    fn change(&mut self, name: &str, change: Change) {
        let file = self.names.get(name).unwrap_or_else(|| panic!("{name} has not been created"));
        self.files[*file].unsynced.push(change);
    }

    fn end_sync(&mut self, by: u64) {
        match self.syncing.remove(&by) {
            None => {}
            Some((None, names)) => {
                let names = self.unsynced_names.drain(..names.min(self.unsynced_names.len()));
                names.for_each(|naming| rename(&mut self.synced_names, naming));
            }
            Some((Some(file), changes)) => {
                let File { synced, unsynced } = &mut self.files[file];
                let changes = unsynced.drain(..changes.min(unsynced.len()));
                changes.for_each(|change| apply(synced, &change, |_| true));
            }
        }
    }

    /// The files as programs see them.
    pub fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        let content = |file: &usize| self.files[*file].with(|_| true);
        self.names.iter().map(|(name, file)| (name.clone(), content(file))).collect()
    }

    /// The files after a cut: what was synced is there, and of the rest nothing, everything, or whatever sectors.
    pub fn cut(&self, dice: &mut Dice) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.synced_names.clone();
        let kept = dice.below(self.unsynced_names.len() + 1);
        self.unsynced_names[..kept].iter().for_each(|naming| rename(&mut names, naming.clone()));
        let percent = [0, 0, 20, 50, 80, 100][dice.below(6)];
        let mut content = |file: usize| self.files[file].with(|_| dice.below(100) < percent);
        names.into_iter().map(|(name, file)| (name, content(file))).collect()
    }
}

impl File {
    fn with(&self, mut keeps: impl FnMut(usize) -> bool) -> Vec<u8> {
        let mut content = self.synced.clone();
        self.unsynced.iter().for_each(|change| apply(&mut content, change, &mut keeps));
        content
    }
}

fn rename(names: &mut BTreeMap<String, usize>, (name, file): Naming) {
    match file {
        Some(file) => names.insert(name, file),
        None => names.remove(&name),
    };
}

/// Carries out a change, in those sectors that are kept.
fn apply(content: &mut Vec<u8>, change: &Change, mut keeps: impl FnMut(usize) -> bool) {
    match change {
        Change::Truncate(length) if keeps(0) => content.resize(*length, 0),
        Change::Truncate(_) => {}
        Change::Write { at, bytes } => {
            let (mut at, mut bytes) = (*at, bytes.as_slice());
            while !bytes.is_empty() {
                let (now, later) = bytes.split_at(bytes.len().min(SECTOR - at % SECTOR));
                if keeps(at) {
                    content.resize(content.len().max(at + now.len()), 0);
                    content[at..at + now.len()].copy_from_slice(now);
                }
                (at, bytes) = (at + now.len(), later);
            }
        }
    }
}

/// Random numbers (`SplitMix64`).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below a bound; zero where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        usize::try_from(mixed % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}
