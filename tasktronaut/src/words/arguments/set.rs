//! Typed argument structs, their parameters, and the check of a value against a type.

use std::collections::{BTreeSet, HashSet, LinkedList, VecDeque};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::value::Error as PlainError;
use serde::de::{DeserializeOwned, Visitor};
use serde_json::Value;
use thiserror::Error;

use super::kind_of_json;
use super::table::{ArgumentsRef, Encoder};
use crate::words::error::{TaskError, TaskErrorKind};

/// An argument that is missing, of the wrong type, or cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// There is no argument of this name.
    #[error("the argument `{argument}` is missing")]
    Missing {
        /// Its name.
        argument: String,
    },
    /// The argument has another type.
    #[error("the argument `{argument}` has the wrong type: expected {expected}, found {found}")]
    WrongType {
        /// Its name.
        argument: String,
        /// The type it should have.
        expected: String,
        /// What is there instead.
        found: &'static str,
        /// What serde says.
        source: Option<serde_json::Error>,
    },
    /// The argument cannot be written as JSON.
    #[error("the argument `{argument}` cannot be written as JSON: {source}")]
    Unserialisable {
        /// Its name.
        argument: String,
        /// What serde says.
        source: serde_json::Error,
    },
    /// The arguments are too large to be kept.
    #[error("the arguments are too large: {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// Their size.
        bytes: usize,
        /// The largest size.
        limit: usize,
    },
    /// Lists and maps stand in each other too deeply in an argument.
    #[error("the argument `{argument}` is too deep: the limit is {limit} levels of lists and maps")]
    TooDeep {
        /// Its name.
        argument: String,
        /// The greatest depth.
        limit: usize,
    },
}

impl ArgumentError {
    /// The argument's name, where one argument is to blame.
    pub fn argument(&self) -> Option<&str> {
        match self {
            Self::Missing { argument }
            | Self::WrongType { argument, .. }
            | Self::Unserialisable { argument, .. }
            | Self::TooDeep { argument, .. } => Some(argument),
            Self::TooLarge { .. } => None,
        }
    }
}

/// In a task, an argument that cannot be read is a payload that does not fit (`R17`).
impl From<ArgumentError> for TaskError {
    fn from(error: ArgumentError) -> Self {
        Self::of_kind(TaskErrorKind::BadPayload, error)
    }
}

/// What can be an argument: it is written into a store and read back by whoever runs the task.
///
/// Everything that serde can write and read is one; derive `serde::Serialize` and `serde::Deserialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an argument: arguments are written to a store and read back",
    label = "serde cannot write and read this type",
    note = "help: add `#[derive(serde::Serialize, serde::Deserialize)]` to the type, or wrap it in one of yours that has them"
)]
pub trait Argument: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Argument for T {}

/// What `each x in list` can iterate over: a type that serde writes as a list.
#[diagnostic::on_unimplemented(
    message = "`each .. in` needs a list, but this argument is a `{Self}`",
    label = "this is no list",
    note = "help: declare the argument as a list, such as a `Vec`"
)]
pub trait List {
    /// The type of its elements.
    type Item;
}

impl<T> List for Vec<T> {
    type Item = T;
}
impl<T> List for VecDeque<T> {
    type Item = T;
}
impl<T> List for LinkedList<T> {
    type Item = T;
}
impl<T> List for Box<[T]> {
    type Item = T;
}
impl<T> List for BTreeSet<T> {
    type Item = T;
}
impl<T, S> List for HashSet<T, S> {
    type Item = T;
}
impl<T, const N: usize> List for [T; N] {
    type Item = T;
}

/// One argument that a task or a process takes: its name, and how a value is checked against its type.
#[derive(Clone, Copy)]
pub struct Parameter {
    name: &'static str,
    type_name: &'static str,
    has_default: bool,
    check: fn(Option<&[u8]>) -> Result<(), serde_json::Error>,
}

impl Parameter {
    /// A parameter of the type `T`, which people know as `type_name`.
    pub const fn of<T: DeserializeOwned>(name: &'static str, type_name: &'static str) -> Self {
        Self { name, type_name, has_default: false, check: check_type::<T> }
    }

    /// The same parameter, which may also be missing.
    #[must_use]
    pub const fn with_default(mut self) -> Self {
        self.has_default = true;
        self
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its type, as it was written.
    pub const fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Checks one argument: that it is there, and that it has this parameter's type.
    pub(crate) fn check(&self, text: Option<&[u8]>) -> Result<(), ArgumentError> {
        if text.is_none() && self.has_default {
            return Ok(());
        }
        (self.check)(text).map_err(|source| match text {
            None => ArgumentError::Missing { argument: self.name.to_owned() },
            Some(text) => ArgumentError::WrongType {
                argument: self.name.to_owned(),
                expected: format!("`{}`", self.type_name),
                found: kind_of_json(text),
                source: Some(source),
            },
        })
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.type_name)
    }
}

fn check_type<T: DeserializeOwned>(text: Option<&[u8]>) -> Result<(), serde_json::Error> {
    match text {
        Some(text) => serde_json::from_slice::<T>(text).map(drop),
        None => T::deserialize(Absent).map(drop).map_err(serde::de::Error::custom),
    }
}

/// Reads one argument; what is absent reads as `None` where `T` is an `Option`, and is missing otherwise.
pub(crate) fn read<T: DeserializeOwned>(name: &str, text: Option<&[u8]>) -> Result<T, ArgumentError> {
    match text {
        Some(text) => serde_json::from_slice(text).map_err(|source| wrong_type(name, text, source)),
        None => T::deserialize(Absent).map_err(|_| ArgumentError::Missing { argument: name.to_owned() }),
    }
}

fn wrong_type(name: &str, text: &[u8], source: serde_json::Error) -> ArgumentError {
    ArgumentError::WrongType {
        argument: name.to_owned(),
        expected: "another type".to_owned(),
        found: kind_of_json(text),
        source: Some(source),
    }
}

/// The value of an argument that is not there: an `Option` reads it as `None`, every other type refuses it.
struct Absent;

impl<'de> serde::Deserializer<'de> for Absent {
    type Error = PlainError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, PlainError> {
        Err(serde::de::Error::custom("missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, PlainError> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The arguments of a task or a process as a struct. `#[process]` generates one for each.
pub trait ArgumentSet: Sized + 'static {
    /// The arguments, in the order in which they were declared.
    const PARAMETERS: &'static [Parameter];

    /// Whether it takes all arguments that are there, and not just those of [`PARAMETERS`](Self::PARAMETERS).
    const TAKES_ALL: bool = false;

    /// Reads the struct.
    fn decode(arguments: &ArgumentsRef<'_>) -> Result<Self, ArgumentError>;

    /// Writes the struct.
    fn encode(&self, encoder: &mut Encoder<'_>);
}

/// No arguments.
impl ArgumentSet for () {
    const PARAMETERS: &'static [Parameter] = &[];

    fn decode(_: &ArgumentsRef<'_>) -> Result<Self, ArgumentError> {
        Ok(())
    }

    fn encode(&self, _: &mut Encoder<'_>) {}
}

type ValueCheck = Arc<dyn Fn(&Value) -> bool + Send + Sync>;

/// An argument that a hand-written definition expects (the original's `expected_arguments`).
///
/// Types are checked as serde reads them: `"12"` is no `u8`, and `true` is no number.
#[derive(Clone)]
pub struct Expected {
    name: String,
    type_name: String,
    check: ExpectedCheck,
}

#[derive(Clone)]
enum ExpectedCheck {
    Present,
    Type(fn(Option<&[u8]>) -> Result<(), serde_json::Error>),
    Value(ValueCheck),
}

impl Expected {
    /// The argument must be there and have the type `T`. An `Option` must be there, too: `null` stands for `None`.
    pub fn of<T: DeserializeOwned>(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            type_name: format!("`{}`", short_type_name::<T>()),
            check: ExpectedCheck::Type(check_type::<T>),
        }
    }

    /// The argument must be there, with whatever value.
    pub fn present(name: impl Into<String>) -> Self {
        Self { name: name.into(), type_name: "a value".into(), check: ExpectedCheck::Present }
    }

    /// The argument must be there, and `check` must accept it; `type_name` is what an error calls it.
    pub fn accepted_by(
        name: impl Into<String>,
        type_name: impl Into<String>,
        check: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), type_name: type_name.into(), check: ExpectedCheck::Value(Arc::new(check)) }
    }

    /// Checks one set of arguments.
    pub(crate) fn check(&self, arguments: &ArgumentsRef<'_>) -> Result<(), ArgumentError> {
        let Some(text) = arguments.text(&self.name) else {
            return Err(ArgumentError::Missing { argument: self.name.clone() });
        };
        let source = match &self.check {
            ExpectedCheck::Present => return Ok(()),
            ExpectedCheck::Type(check) => match check(Some(text)) {
                Ok(()) => return Ok(()),
                Err(source) => Some(source),
            },
            ExpectedCheck::Value(check) => match serde_json::from_slice::<Value>(text) {
                Ok(value) if check(&value) => return Ok(()),
                Ok(_) => None,
                Err(source) => Some(source),
            },
        };
        Err(ArgumentError::WrongType {
            argument: self.name.clone(),
            expected: self.type_name.clone(),
            found: kind_of_json(text),
            source,
        })
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.type_name)
    }
}

/// The name of a type without the paths in it: `Vec<Photo>`, not `alloc::vec::Vec<my_app::Photo>`.
fn short_type_name<T>() -> String {
    let full = std::any::type_name::<T>();
    let mut short = String::new();
    let mut word = 0;
    for (at, character) in full.char_indices() {
        if character == ':' {
            short.truncate(short.len() - (at.saturating_sub(word)).min(short.len()));
            word = at + 1;
        } else {
            if !(character.is_alphanumeric() || character == '_') {
                word = at + character.len_utf8();
            }
            short.push(character);
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_may_be_absent_and_nothing_else() {
        assert_eq!(read::<Option<u8>>("a", None).unwrap(), None);
        assert_eq!(read::<Option<u8>>("a", Some(b"null")).unwrap(), None);
        assert_eq!(read::<Option<u8>>("a", Some(b"3")).unwrap(), Some(3));
        assert!(matches!(read::<u8>("a", None), Err(ArgumentError::Missing { argument }) if argument == "a"));
        assert!(matches!(read::<Vec<u8>>("a", None), Err(ArgumentError::Missing { .. })));
    }

    #[test]
    fn a_wrong_type_names_both_types() {
        let error = Parameter::of::<u8>("age", "u8").check(Some(b"\"12\"")).unwrap_err();
        assert_eq!(error.to_string(), "the argument `age` has the wrong type: expected `u8`, found a string");
    }

    #[test]
    fn type_names_are_short() {
        assert_eq!(short_type_name::<Vec<Option<std::path::PathBuf>>>(), "Vec<Option<PathBuf>>");
        assert_eq!(short_type_name::<(u8, String)>(), "(u8, String)");
    }
}
