//! All arguments of one process in one flat table: texts side by side, sets that lay themselves over other sets.
//!
//! A process has one set for each distinct view of its arguments, and each step names its set by number. A set made
//! by `each x in xs` or an `extend` source holds its own fields only and refers to the set it lies over, so a
//! million items cost a million small sets, not a million copies of the outer arguments.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fields::FieldsSerializer;
use super::set::{ArgumentError, read};
use super::value::Arguments;

/// The number of the set without arguments.
pub(crate) const EMPTY_SET: u32 = 0;

/// Sets refer to each other this deep at most; a deeper one copies its field entries (never the texts).
const MAX_LAYERS: u16 = 8;

/// Lists and maps stand in each other this deep at most in one argument (`R21`).
const MAX_DEPTH: usize = 64;

/// So many names are looked through one by one.
const FEW_NAMES: usize = 12;

/// The table.
#[derive(Debug, Clone)]
pub(crate) struct ArgumentTable {
    /// The values as JSON, and among them the names, each once.
    pub(super) texts: Vec<u8>,
    pub(super) fields: Vec<Field>,
    pub(super) sets: Vec<Set>,
    /// Where the names stand; needed while the table grows.
    pub(super) names: Names,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) start: u32,
    pub(super) length: u32,
}

/// Where a name stands. Equal names of one table stand at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) start: u32,
    pub(super) length: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Set {
    pub(super) below: u32,
    pub(super) first: u32,
    pub(super) count: u16,
    pub(super) layers: u16,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    known: Vec<Name>,
    /// The same by their text, once there are too many to look at each.
    by_text: HashMap<Box<[u8]>, Name>,
}

impl ArgumentTable {
    /// The place of a name; a new one is added.
    fn name(&mut self, name: &str) -> Name {
        let few = self.names.known.len() <= FEW_NAMES;
        let known = match few {
            true => self.names.known.iter().find(|known| self.name_text(**known) == name.as_bytes()),
            false => self.names.by_text.get(name.as_bytes()),
        };
        if let Some(known) = known {
            return *known;
        }
        let added = Name { start: narrow(self.texts.len()), length: narrow(name.len()) };
        self.texts.extend_from_slice(name.as_bytes());
        self.names.known.push(added);
        if self.names.known.len() == FEW_NAMES + 1 {
            let known = self.names.known.iter().map(|known| (self.name_text(*known).into(), *known));
            self.names.by_text = known.collect();
        } else if !few {
            self.names.by_text.insert(name.as_bytes().into(), added);
        }
        added
    }

    fn name_text(&self, name: Name) -> &[u8] {
        &self.texts[name.start as usize..name.start as usize + name.length as usize]
    }
}

impl Default for ArgumentTable {
    fn default() -> Self {
        let nothing = Set { below: EMPTY_SET, first: 0, count: 0, layers: 0 };
        Self { texts: Vec::new(), fields: Vec::new(), sets: vec![nothing], names: Names::default() }
    }
}

impl ArgumentTable {
    /// Adds a set that lies over the set `below`, with the fields that `fill` puts into it.
    pub(crate) fn add(
        &mut self,
        below: u32,
        fill: impl FnOnce(&mut Encoder<'_>),
    ) -> Result<u32, ArgumentError> {
        let first = self.fields.len();
        let mut encoder = Encoder { table: self, first, description: None, error: None };
        fill(&mut encoder);
        let error = encoder.error.take();
        self.close(below, first, error)
    }

    /// Adds a set with the fields of an item; the second value is the description the item brought along.
    pub(crate) fn add_item<T: Serialize + ?Sized>(
        &mut self,
        below: u32,
        item: &T,
    ) -> Result<(u32, Option<String>), ItemError> {
        let first = self.fields.len();
        let mut encoder = Encoder { table: self, first, description: None, error: None };
        let shape = item.serialize(FieldsSerializer { encoder: &mut encoder });
        let (error, description) = (encoder.error.take(), encoder.description.take());
        if let Err(shape) = shape {
            self.fields.truncate(first);
            return Err(ItemError::Shape(shape.to_string()));
        }
        let set = self.close(below, first, error).map_err(ItemError::Argument)?;
        Ok((set, description))
    }

    fn close(
        &mut self,
        below: u32,
        first: usize,
        error: Option<ArgumentError>,
    ) -> Result<u32, ArgumentError> {
        if let Some(error) = error.or_else(|| self.overflow()) {
            self.fields.truncate(first);
            return Err(error);
        }
        let lower = self.set(below);
        let mut set = Set {
            below,
            first: u32::try_from(first).unwrap_or(u32::MAX),
            count: u16::try_from(self.fields.len() - first).unwrap_or(u16::MAX),
            layers: lower.layers + 1,
        };
        if set.layers > MAX_LAYERS {
            let hidden: Vec<Field> = self.get(below).entries().copied().collect();
            for field in hidden {
                if !self.fields[first..].iter().any(|own| own.name == field.name) {
                    self.fields.push(field);
                }
            }
            set.below = EMPTY_SET;
            set.layers = 1;
            set.count = u16::try_from(self.fields.len() - first).unwrap_or(u16::MAX);
        }
        self.sets.push(set);
        Ok(u32::try_from(self.sets.len() - 1).unwrap_or(u32::MAX))
    }

    /// Texts are addressed with 32 bits, and a set counts its fields with 16.
    fn overflow(&self) -> Option<ArgumentError> {
        let limit = u32::MAX as usize;
        (self.texts.len() > limit || self.fields.len() > limit || self.sets.len() >= limit)
            .then_some(ArgumentError::TooLarge { bytes: self.texts.len(), limit })
    }

    fn set(&self, set: u32) -> Set {
        self.sets.get(set as usize).copied().unwrap_or(self.sets[0])
    }

    /// One set, to be read.
    pub(crate) fn get(&self, set: u32) -> ArgumentsRef<'_> {
        ArgumentsRef { table: self, set }
    }

    /// The bytes that the table takes.
    pub(crate) fn size_in_bytes(&self) -> usize {
        self.texts.capacity()
            + self.fields.capacity() * size_of::<Field>()
            + self.sets.capacity() * size_of::<Set>()
    }

    /// A table that holds a copy of one set, as its [`last`](Self::last), and nothing else.
    pub(crate) fn alone(&self, set: u32) -> Self {
        let mut alone = Self::default();
        let first = alone.fields.len();
        for field in self.get(set).entries() {
            let name = alone.name(&String::from_utf8_lossy(self.name_text(field.name)));
            let start = alone.texts.len();
            alone.texts.extend_from_slice(self.get(set).text_of(*field));
            alone.fields.push(Field { name, start: narrow(start), length: field.length });
        }
        let count = u16::try_from(alone.fields.len() - first).unwrap_or(u16::MAX);
        alone.sets.push(Set { below: EMPTY_SET, first: 0, count, layers: 1 });
        alone
    }

    /// The set that was added last.
    pub(crate) fn last(&self) -> u32 {
        narrow(self.sets.len().saturating_sub(1))
    }

    /// Gives back what only growing needs.
    pub(crate) fn shrink(&mut self) {
        self.names = Names::default();
        self.texts.shrink_to_fit();
        self.fields.shrink_to_fit();
        self.sets.shrink_to_fit();
    }

    /// Adds one set for each element of a list argument, each with that element under `name`, over the same set.
    ///
    /// `None` says that the argument is no list.
    pub(crate) fn add_elements(
        &mut self,
        over: u32,
        list: &str,
        name: &str,
    ) -> Option<Result<Vec<u32>, ArgumentError>> {
        let text = self.get(over).text(list)?;
        let elements: Vec<&serde_json::value::RawValue> = serde_json::from_slice(text).ok()?;
        let base = text.as_ptr() as usize - self.texts.as_ptr() as usize;
        let ranges: Vec<(usize, usize)> = elements
            .iter()
            .map(|element| element.get())
            .map(|element| (element.as_ptr() as usize - text.as_ptr() as usize + base, element.len()))
            .collect();
        let name = self.name(name);
        let mut sets = Vec::with_capacity(ranges.len());
        for (start, length) in ranges {
            let first = self.fields.len();
            // The element's text is part of the list's text, so it is not stored again.
            self.fields.push(Field { name, start: narrow(start), length: narrow(length) });
            match self.close(over, first, None) {
                Ok(set) => sets.push(set),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(sets))
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Why an item has no fields to become arguments.
pub(crate) enum ItemError {
    /// It is no struct and no map.
    Shape(String),
    /// One of its fields cannot be written.
    Argument(ArgumentError),
}

/// One set of arguments, to be read.
#[derive(Debug, Clone, Copy)]
pub struct ArgumentsRef<'a> {
    table: &'a ArgumentTable,
    set: u32,
}

impl<'a> ArgumentsRef<'a> {
    /// Reads one argument as a `T`; what is absent reads as `None` where `T` is an `Option`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, ArgumentError> {
        read(name, self.text(name))
    }

    /// Reads one argument as a `T`, or takes the default where it is absent.
    pub fn get_or<T: DeserializeOwned>(
        &self,
        name: &str,
        default: impl FnOnce() -> T,
    ) -> Result<T, ArgumentError> {
        match self.text(name) {
            None => Ok(default()),
            text => read(name, text),
        }
    }

    /// One argument as JSON text.
    pub(crate) fn text(&self, name: &str) -> Option<&'a [u8]> {
        let mut set = self.table.set(self.set);
        loop {
            let first = set.first as usize;
            let fields = &self.table.fields[first..first + set.count as usize];
            if let Some(field) =
                fields.iter().rev().find(|field| self.table.name_text(field.name) == name.as_bytes())
            {
                return Some(self.text_of(*field));
            }
            if set.layers <= 1 {
                return None;
            }
            set = self.table.set(set.below);
        }
    }

    fn text_of(&self, field: Field) -> &'a [u8] {
        &self.table.texts[field.start as usize..field.start as usize + field.length as usize]
    }

    /// The fields that are visible in this set: those below first, each name once.
    fn entries(&self) -> impl Iterator<Item = &'a Field> + use<'a> {
        let mut layers = Vec::new();
        let mut set = self.table.set(self.set);
        loop {
            let first = set.first as usize;
            layers.push(&self.table.fields[first..first + set.count as usize]);
            if set.layers <= 1 {
                break;
            }
            set = self.table.set(set.below);
        }
        let mut visible: Vec<&'a Field> = Vec::new();
        for field in layers.into_iter().rev().flatten() {
            match visible.iter_mut().find(|seen| seen.name == field.name) {
                Some(seen) => *seen = field,
                None => visible.push(field),
            }
        }
        visible.into_iter()
    }

    /// The arguments as a value of their own.
    pub fn to_arguments(&self) -> Arguments {
        let mut arguments = Arguments::new();
        for field in self.entries() {
            let name = String::from_utf8_lossy(self.table.name_text(field.name));
            arguments.set_text(&name, &String::from_utf8_lossy(self.text_of(*field)));
        }
        arguments
    }

    /// The size of the arguments as a JSON object, in bytes.
    pub(crate) fn size(&self) -> usize {
        2 + self.entries().map(|field| field.length as usize + field.name.length as usize + 4).sum::<usize>()
    }
}

/// Writes arguments into a set.
#[derive(Debug)]
pub struct Encoder<'a> {
    table: &'a mut ArgumentTable,
    first: usize,
    description: Option<String>,
    error: Option<ArgumentError>,
}

impl Encoder<'_> {
    /// Writes one argument. The first error is kept and told when the set is closed.
    pub fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        let start = self.table.texts.len();
        match serde_json::to_writer(&mut self.table.texts, value) {
            Ok(()) => self.note(name, start),
            Err(source) => {
                self.table.texts.truncate(start);
                let error = ArgumentError::Unserialisable { argument: name.to_owned(), source };
                self.error.get_or_insert(error);
            }
        }
    }

    /// Writes one argument that is JSON text already.
    pub(crate) fn put_text(&mut self, name: &str, text: &str) {
        let start = self.table.texts.len();
        self.table.texts.extend_from_slice(text.as_bytes());
        self.note(name, start);
    }

    /// Keeps the description that an item brings along.
    pub(super) fn describe(&mut self, description: String) {
        self.description = Some(description);
    }

    fn note(&mut self, name: &str, start: usize) {
        if is_too_deep(&self.table.texts[start..]) {
            let error = ArgumentError::TooDeep { argument: name.to_owned(), limit: MAX_DEPTH };
            self.error.get_or_insert(error);
        }
        let length = narrow(self.table.texts.len() - start);
        let field = Field { name: self.table.name(name), start: narrow(start), length };
        match self.table.fields[self.first..].iter_mut().find(|own| own.name == field.name) {
            Some(own) => *own = field,
            None => self.table.fields.push(field),
        }
    }
}

/// Whether lists and maps stand in each other too deeply in a JSON text.
fn is_too_deep(text: &[u8]) -> bool {
    // So short a text has not enough brackets.
    if text.len() <= 2 * MAX_DEPTH {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    text.iter().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        depth > MAX_DEPTH
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r21_brackets_in_strings_are_no_levels() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!is_too_deep(nested(MAX_DEPTH).as_bytes()));
        assert!(is_too_deep(nested(MAX_DEPTH + 1).as_bytes()));
        assert!(!is_too_deep(
            format!(r#"["{}\"{}",{}]"#, "[".repeat(99), "{".repeat(99), nested(MAX_DEPTH - 1)).as_bytes()
        ));
        assert!(is_too_deep(format!(r#"["\\",{}]"#, nested(MAX_DEPTH)).as_bytes()));
    }

    fn number(table: &ArgumentTable, set: u32, name: &str) -> Option<u32> {
        table.get(set).get(name).unwrap()
    }

    #[test]
    fn a_set_lies_over_another() {
        let mut table = ArgumentTable::default();
        let outer = table
            .add(EMPTY_SET, |e| {
                e.put("a", &1);
                e.put("b", &2);
            })
            .unwrap();
        let inner = table.add(outer, |e| e.put("b", &3)).unwrap();
        let alone = table.add(EMPTY_SET, |e| e.put("c", &4)).unwrap();
        assert_eq!(table.get(inner).to_arguments().to_string(), r#"{"a":1,"b":3}"#);
        assert_eq!(table.get(outer).to_arguments().to_string(), r#"{"a":1,"b":2}"#);
        assert_eq!(number(&table, alone, "a"), None);
    }

    #[test]
    fn deep_layers_are_flattened_and_stay_right() {
        let mut table = ArgumentTable::default();
        let mut set = table.add(EMPTY_SET, |e| e.put("outermost", &7)).unwrap();
        for depth in 0..1000 {
            set = table.add(set, |e| e.put("depth", &depth)).unwrap();
        }
        assert_eq!(number(&table, set, "outermost"), Some(7));
        assert_eq!(number(&table, set, "depth"), Some(999));
        assert!(table.set(set).layers <= MAX_LAYERS);
    }

    #[test]
    fn elements_share_the_text_of_their_list() {
        let mut table = ArgumentTable::default();
        let outer = table.add(EMPTY_SET, |e| e.put("xs", &["é", "b"])).unwrap();
        let before = table.texts.len();
        let sets = table.add_elements(outer, "xs", "x").unwrap().unwrap();
        assert_eq!(table.texts.len(), before + "x".len());
        let read: Vec<String> = sets.iter().map(|set| table.get(*set).get("x").unwrap()).collect();
        assert_eq!(read, ["é", "b"]);
        assert!(table.add_elements(outer, "missing", "x").is_none());
    }
}
