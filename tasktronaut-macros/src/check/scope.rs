//! Which arguments a place of the graph has.

use crate::model::{Parameter, Place};

/// The arguments at one place.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) known: Vec<Known>,
    pub(super) rest: Rest,
    /// Steps of the same scope lack the same arguments, which is told once.
    pub(super) number: usize,
}

/// An argument with a name.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) wire: String,
    /// Its type as it is written, where somebody wrote it.
    pub(super) text: Option<String>,
    pub(super) place: Place,
}

/// Where other arguments may come from.
#[derive(Clone, Copy)]
pub(super) enum Rest {
    /// From nowhere.
    Nothing,
    /// They are fields of the item with this number.
    Fields(usize),
    /// From somewhere.
    Open,
}

impl Scope {
    /// The parameters of `define_process`.
    pub(super) fn declared(parameters: &[Parameter]) -> Self {
        let known = parameters.iter().map(|parameter| Known {
            wire: parameter.wire.clone(),
            text: Some(parameter.text.clone()),
            place: Place::Argument(parameter.name.clone()),
        });
        Self { known: known.collect(), rest: Rest::Nothing, number: 0 }
    }

    /// Nobody knows.
    pub(super) fn open() -> Self {
        Self { known: Vec::new(), rest: Rest::Open, number: 0 }
    }

    /// Where the argument comes from; nothing when it is not in scope.
    pub(super) fn find(&self, wire: &str) -> Option<Known> {
        let found = self.known.iter().rev().find(|known| known.wire == wire).cloned();
        let place = match self.rest {
            Rest::Nothing => return found,
            Rest::Fields(item) => Place::Field(item),
            Rest::Open => Place::Unknown,
        };
        Some(found.unwrap_or(Known { wire: wire.to_owned(), text: None, place }))
    }

    /// With one more argument.
    pub(super) fn with(&self, number: usize, known: Known) -> Self {
        let mut inner = self.clone();
        inner.known.push(known);
        inner.number = number;
        inner
    }

    /// With the fields of an item instead, or laid over.
    pub(super) fn inside(&self, number: usize, extends: bool) -> Self {
        if !extends {
            return Self { known: Vec::new(), rest: Rest::Fields(number), number };
        }
        // A field of the item may lie over each of them.
        let known =
            self.known.iter().map(|known| Known { text: None, place: Place::Unknown, ..known.clone() });
        let rest = match self.rest {
            Rest::Nothing => Rest::Fields(number),
            Rest::Fields(_) | Rest::Open => Rest::Open,
        };
        Self { known: known.collect(), rest, number }
    }
}
