//! What happened while a case was built and while it ran.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use tasktronaut::Call;

use crate::data::Probe;
use crate::definition::{CaseDefinition, fields};

/// Notes probes, attempts and hooks, in the order in which they happened.
#[derive(Default)]
pub struct Recorder {
    notes: Mutex<Notes>,
}

/// Everything noted.
#[derive(Clone, Default)]
pub struct Notes {
    pub probes: Vec<Probe>,
    pub events: Vec<Event>,
}

/// Something that happened while the process ran.
#[derive(Clone, Debug)]
pub enum Event {
    /// A task began.
    Began(Went),
    /// The task at this place ended.
    Ended(usize),
    /// A hook was called: `S` for `on_started`, `C` for `on_completed`, with the number of the process.
    Hook { hook: char, process: usize, identifier: String },
}

/// What a task could see of itself.
#[derive(Clone, Debug)]
pub struct Went {
    pub place: usize,
    pub identifier: String,
    pub definition: String,
    pub task: String,
    pub description: Option<String>,
    pub kwargs: Map<String, Value>,
}

impl Went {
    pub fn of(call: &Call<CaseDefinition>) -> Self {
        let context = call.context();
        Self {
            place: Self::place_of(call),
            identifier: context.identifier().to_owned(),
            definition: context.definition().to_owned(),
            task: context.task().to_owned(),
            description: context.description().map(str::to_owned),
            kwargs: fields(&call.arguments().to_arguments()),
        }
    }

    /// The place of the task in its process, which the idempotency key ends with.
    pub fn place_of(call: &Call<CaseDefinition>) -> usize {
        let key = call.context().idempotency_key();
        let place = key.rsplit('/').next().and_then(|place| place.parse().ok());
        place.unwrap_or_else(|| panic!("the idempotency key `{key}` does not end with a place"))
    }
}

impl Recorder {
    pub fn probe(&self, probe: Probe) {
        self.note(|notes| notes.probes.push(probe));
    }

    pub fn begin(&self, went: Went) {
        self.note(|notes| notes.events.push(Event::Began(went)));
    }

    pub fn end(&self, place: usize) {
        self.note(|notes| notes.events.push(Event::Ended(place)));
    }

    pub fn hook(&self, hook: char, process: usize, identifier: &str) {
        let event = Event::Hook { hook, process, identifier: identifier.to_owned() };
        self.note(|notes| notes.events.push(event));
    }

    pub fn notes(&self) -> Notes {
        self.note(|notes| notes.clone())
    }

    fn note<T>(&self, write: impl FnOnce(&mut Notes) -> T) -> T {
        write(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
