//! [`Arguments`] as a value.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::set::{ArgumentError, ArgumentSet};
use super::table::{ArgumentTable, ArgumentsRef, EMPTY_SET, Encoder};

/// Names with JSON values, in the order in which they were given.
///
/// The counterpart of the keyword arguments of the Python library: the [`arguments!`](crate::arguments) literal is
/// its `to_dict`, [`merged`](Self::merged) its `to_kwargs`.
///
/// ```
/// use tasktronaut::{Arguments, arguments};
///
/// let outer = arguments! { album: "Summer", size: 3 };
/// let inner = outer.merged(&arguments! { size: 4 });
/// assert_eq!(inner.get::<String>("album")?, "Summer");
/// assert_eq!(inner.get::<u8>("size")?, 4);
/// assert_eq!(outer.get::<u8>("size")?, 3);
/// # Ok::<(), tasktronaut::ArgumentError>(())
/// ```
#[derive(Clone, Default)]
pub struct Arguments {
    fields: Vec<(Arc<str>, Arc<str>)>,
}

impl Arguments {
    /// No arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one argument; an earlier value of that name is replaced, in its place.
    ///
    /// An error says that the value cannot be written as JSON (a map whose keys are no strings, for example).
    pub fn set(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), ArgumentError> {
        let text = serde_json::to_string(value)
            .map_err(|source| ArgumentError::Unserialisable { argument: name.to_owned(), source })?;
        self.set_text(name, &text);
        Ok(())
    }

    /// One argument, read as a `T`. What is not there reads as `None` where `T` is an `Option`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, ArgumentError> {
        super::set::read(name, self.text(name).map(str::as_bytes))
    }

    /// One argument as a JSON value.
    pub fn value(&self, name: &str) -> Option<Value> {
        self.text(name).and_then(|text| serde_json::from_str(text).ok())
    }

    /// These arguments and the others; where both have a name, the other's value counts.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (name, text) in &other.fields {
            all.set_text(name, text);
        }
        all
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.fields.iter().map(|(name, _)| &**name)
    }

    /// The names with their values as JSON text, in order.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, text)| (&**name, &**text))
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| &**field == name).map(|(_, text)| &**text)
    }

    /// Sets an argument to a text that is known to be JSON.
    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        match self.fields.iter_mut().find(|(field, _)| &**field == name) {
            Some((_, old)) => *old = text.into(),
            None => self.fields.push((name.into(), text.into())),
        }
    }
}

impl ArgumentSet for Arguments {
    const PARAMETERS: &'static [super::Parameter] = &[];
    const TAKES_ALL: bool = true;

    fn decode(arguments: &ArgumentsRef<'_>) -> Result<Self, ArgumentError> {
        Ok(arguments.to_arguments())
    }

    fn encode(&self, encoder: &mut Encoder<'_>) {
        for (name, text) in &self.fields {
            encoder.put_text(name, text);
        }
    }
}

/// Equal are the same names with the same JSON values, in whatever order.
impl PartialEq for Arguments {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.names().all(|name| other.text(name).is_some() && self.value(name) == other.value(name))
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, text) in self.texts() {
            map.entry(&format_args!("{name}"), &format_args!("{text}"));
        }
        map.finish()
    }
}

/// As a JSON object.
impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, text)) in self.texts().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{}:{text}", Value::from(name))?;
        }
        f.write_str("}")
    }
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, text) in self.texts() {
            let value: &RawValue = serde_json::from_str(text).map_err(serde::ser::Error::custom)?;
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Arguments;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from argument names to values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arguments, A::Error> {
                let mut arguments = Arguments::new();
                while let Some(name) = map.next_key::<String>()? {
                    let value: Box<RawValue> = map.next_value()?;
                    arguments.set_text(&name, value.get());
                }
                Ok(arguments)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// Reads a typed argument struct from any format, through [`Arguments`].
pub(crate) fn deserialize_set<'de, A: ArgumentSet, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<A, D::Error> {
    let arguments = Arguments::deserialize(deserializer)?;
    let mut table = ArgumentTable::default();
    let set = table.add(EMPTY_SET, |encoder| arguments.encode(encoder)).map_err(serde::de::Error::custom)?;
    A::decode(&table.get(set)).map_err(serde::de::Error::custom)
}

/// Writes a typed argument struct into any format, through [`Arguments`].
pub(crate) fn serialize_set<A: ArgumentSet, S: Serializer>(
    set: &A,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut table = ArgumentTable::default();
    let number = table.add(EMPTY_SET, |encoder| set.encode(encoder)).map_err(serde::ser::Error::custom)?;
    table.get(number).to_arguments().serialize(serializer)
}

/// [`Arguments`] as a literal: names and values, as in a struct literal.
///
/// ```
/// use tasktronaut::arguments;
///
/// let size = 3;
/// let arguments = arguments! { album: "Summer", size, tags: ["a", "b"] };
/// assert_eq!(arguments.to_string(), r#"{"album":"Summer","size":3,"tags":["a","b"]}"#);
/// ```
///
/// A value that cannot be written as JSON becomes `null`; [`Arguments::set`] says why instead.
#[macro_export]
macro_rules! arguments {
    ($($name:ident $(: $value:expr)?),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut arguments = $crate::Arguments::new();
        $($crate::__private::set_argument(&mut arguments, ::core::stringify!($name), &$crate::arguments!(@value $name $($value)?));)*
        arguments
    }};
    (@value $name:ident) => { $name };
    (@value $name:ident $value:expr) => { $value };
    ($name:literal $($rest:tt)*) => {
        ::core::compile_error!(
            "the names of arguments stand without quotes here\nhelp: write `arguments! { name: value }`, or call `Arguments::set` for a name that Rust does not have"
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_in_and_out_keeps_order_and_large_numbers() {
        let text = r#"{"b":340282366920938463463374607431768211455,"a":[1,null]}"#;
        let arguments: Arguments = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&arguments).unwrap(), text);
        assert_eq!(arguments.get::<u128>("b").unwrap(), u128::MAX);
        assert_eq!(arguments.value("a"), Some(json!([1, null])));
    }

    #[test]
    fn equality_ignores_order_and_spacing() {
        let left: Arguments = serde_json::from_str(r#"{"a": [1, {"x": 1, "y": 2}], "b": null}"#).unwrap();
        let right: Arguments = serde_json::from_str(r#"{"b":null,"a":[1,{"y":2,"x":1}]}"#).unwrap();
        assert_eq!(left, right);
        let other: Arguments = serde_json::from_str(r#"{"b":null,"a":[{"y":2,"x":1},1]}"#).unwrap();
        assert_ne!(left, other);
        assert_ne!(left, crate::arguments! { a: [1, 2] });
    }

    #[test]
    fn raw_names_are_called_as_in_a_struct() {
        let arguments = crate::arguments! { r#type: "a", b: 1 };
        assert_eq!(arguments.to_string(), r#"{"type":"a","b":1}"#);
    }
}
