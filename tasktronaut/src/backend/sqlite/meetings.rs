//! Counting meetings down: each is read once in an exchange and written once, however many meet in it.

use std::collections::HashMap;

use rusqlite::OptionalExtension;

use super::error::Trouble;
use super::row::then;
use super::writer::Session;
use crate::backend::store::{Key, Release, Then};

/// The meetings that one exchange counts down.
pub(super) struct Meetings<'s, 'c> {
    session: &'s Session<'c>,
    known: HashMap<(Key, u32), Option<Meeting>>,
    /// Those that the present end has counted down.
    counted: Vec<(Key, u32)>,
}

struct Meeting {
    stored: i64,
    waits_for: i64,
}

impl<'s, 'c> Meetings<'s, 'c> {
    pub fn new(session: &'s Session<'c>) -> Self {
        Self { session, known: HashMap::new(), counted: Vec::new() }
    }

    /// Counts down what one end meets with, and gives the jobs that are let go: a loop, for meetings let meetings go.
    ///
    /// After an error, or where the end turns out not to count, it is to be [taken back](Self::take_back).
    pub fn count_down(&mut self, key: Key, first: &Then) -> Result<Vec<Release>, Trouble> {
        self.counted.clear();
        let mut releases = first.releases.clone();
        let mut meetings = first.meetings.clone();
        while let Some(node) = meetings.pop() {
            let Some(meeting) = self.meeting(key, node)? else { continue };
            // One that is at zero already has let go what it had to.
            if meeting.waits_for <= 0 {
                continue;
            }
            meeting.waits_for -= 1;
            let is_over = meeting.waits_for == 0;
            self.counted.push((key, node));
            if is_over {
                let next = self.lets_go(key, node)?;
                releases.extend(next.releases);
                meetings.extend(next.meetings);
            }
        }
        Ok(releases)
    }

    /// The counts are as they were before the present end.
    pub fn take_back(&mut self) {
        for place in self.counted.drain(..) {
            if let Some(Some(meeting)) = self.known.get_mut(&place) {
                meeting.waits_for += 1;
            }
        }
    }

    /// Writes what has changed.
    pub fn write(self) -> Result<(), Trouble> {
        let mut statement = self
            .session
            .conn
            .prepare_cached("UPDATE meeting SET waits_for = ?3 WHERE process = ?1 AND node = ?2")?;
        for ((key, node), meeting) in self.known {
            if let Some(meeting) = meeting.filter(|meeting| meeting.waits_for != meeting.stored) {
                statement.execute([key.cast_signed(), i64::from(node), meeting.waits_for])?;
            }
        }
        Ok(())
    }

    fn meeting(&mut self, key: Key, node: u32) -> Result<Option<&mut Meeting>, Trouble> {
        if !self.known.contains_key(&(key, node)) {
            let mut statement = self
                .session
                .conn
                .prepare_cached("SELECT waits_for FROM meeting WHERE process = ?1 AND node = ?2")?;
            let stored: Option<i64> =
                statement.query_row([key.cast_signed(), i64::from(node)], |row| row.get(0)).optional()?;
            let meeting = stored.map(|stored| Meeting { stored, waits_for: stored });
            self.known.insert((key, node), meeting);
        }
        Ok(self.known.get_mut(&(key, node)).and_then(Option::as_mut))
    }

    fn lets_go(&self, key: Key, node: u32) -> Result<Then, Trouble> {
        let mut statement = self
            .session
            .conn
            .prepare_cached("SELECT lets_go FROM meeting WHERE process = ?1 AND node = ?2")?;
        let bytes: Vec<u8> = statement.query_row([key.cast_signed(), i64::from(node)], |row| row.get(0))?;
        then(&bytes)
    }
}
