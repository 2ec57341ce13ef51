//! The fields of an item become arguments: a serde serializer that takes structs and maps apart.

use serde::Serialize;
use serde::ser::{Error as _, Impossible, SerializeMap, SerializeStruct, Serializer};
use serde_json::Error;
use std::ops::{Deref, DerefMut};

use super::table::Encoder;

/// The name under which [`Described`] makes itself known to [`FieldsSerializer`].
const DESCRIBED: &str = "$tasktronaut::Described";

/// An item of an `#[each]` method, or the result of a `#[transform]` method, with a description for its steps.
///
/// ```
/// use tasktronaut::Described;
///
/// # #[derive(serde::Serialize)]
/// struct Photo { path: String }
///
/// let item = Described::new(Photo { path: "a.jpg".into() }, "Photo a.jpg");
/// assert_eq!(item.path, "a.jpg");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described<T> {
    value: T,
    description: String,
}

impl<T> Described<T> {
    /// Describes a value.
    pub fn new(value: T, description: impl Into<String>) -> Self {
        Self { value, description: description.into() }
    }
}

impl<T> Deref for Described<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Described<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Serialize> Serialize for Described<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_struct(DESCRIBED, 2)?;
        parts.serialize_field("description", &self.description)?;
        parts.serialize_field("value", &self.value)?;
        parts.end()
    }
}

/// Puts the fields of a struct or the entries of a map into a set of arguments, and refuses everything else.
pub(super) struct FieldsSerializer<'e, 'a> {
    pub(super) encoder: &'e mut Encoder<'a>,
}

fn no_fields(found: &str) -> Error {
    Error::custom(format_args!("an item must be a struct with named fields, or a map, but it is {found}"))
}

macro_rules! refuse {
    ($($method:ident($type:ty) $what:literal;)*) => {
        $(fn $method(self, _: $type) -> Result<(), Error> { Err(no_fields($what)) })*
    };
}

impl<'e, 'a> Serializer for FieldsSerializer<'e, 'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Entries<'e, 'a>;
    type SerializeStruct = Fields<'e, 'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    refuse! {
        serialize_bool(bool) "a boolean";
        serialize_i8(i8) "a number";
        serialize_i16(i16) "a number";
        serialize_i32(i32) "a number";
        serialize_i64(i64) "a number";
        serialize_i128(i128) "a number";
        serialize_u8(u8) "a number";
        serialize_u16(u16) "a number";
        serialize_u32(u32) "a number";
        serialize_u64(u64) "a number";
        serialize_u128(u128) "a number";
        serialize_f32(f32) "a number";
        serialize_f64(f64) "a number";
        serialize_char(char) "a character";
        serialize_str(&str) "a string";
        serialize_bytes(&[u8]) "a list of bytes";
    }

    fn serialize_none(self) -> Result<(), Error> {
        Err(no_fields("`None`"))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    /// `()` and a struct without fields: an item without arguments.
    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Error> {
        Err(no_fields("an enum"))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(no_fields("an enum"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        Err(no_fields("a list"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        Err(no_fields("a tuple"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        Err(no_fields("a tuple"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(no_fields("an enum"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        Ok(Entries { encoder: self.encoder, name: None })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        Ok(Fields { encoder: self.encoder, described: name == DESCRIBED })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(no_fields("an enum"))
    }
}

/// The entries of a map.
pub(super) struct Entries<'e, 'a> {
    encoder: &'e mut Encoder<'a>,
    name: Option<String>,
}

impl SerializeMap for Entries<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let key = serde_json::to_value(key)?;
        self.name =
            Some(key.as_str().ok_or_else(|| no_fields("a map whose keys are no strings"))?.to_owned());
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if let Some(name) = self.name.take() {
            self.encoder.put(&name, value);
        }
        Ok(())
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

/// The fields of a struct, or the two parts of a [`Described`].
pub(super) struct Fields<'e, 'a> {
    encoder: &'e mut Encoder<'a>,
    described: bool,
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        match (self.described, name) {
            (false, _) => {
                self.encoder.put(name, value);
                Ok(())
            }
            (true, "description") => {
                let text = serde_json::to_value(value)?;
                self.encoder.describe(text.as_str().unwrap_or_default().to_owned());
                Ok(())
            }
            (true, _) => value.serialize(FieldsSerializer { encoder: &mut *self.encoder }),
        }
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{ArgumentTable, EMPTY_SET, ItemError};
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Serialize)]
    struct Photo {
        path: &'static str,
        size: Option<u8>,
    }

    fn taken<T: Serialize>(item: &T) -> Result<(String, Option<String>), String> {
        let mut table = ArgumentTable::default();
        match table.add_item(EMPTY_SET, item) {
            Ok((set, description)) => Ok((table.get(set).to_arguments().to_string(), description)),
            Err(ItemError::Shape(text)) => Err(text),
            Err(ItemError::Argument(error)) => Err(error.to_string()),
        }
    }

    #[test]
    fn structs_and_maps_become_arguments() {
        let photo = Photo { path: "a.jpg", size: None };
        assert_eq!(taken(&photo), Ok((r#"{"path":"a.jpg","size":null}"#.into(), None)));
        assert_eq!(taken(&BTreeMap::from([("n", 1)])), Ok((r#"{"n":1}"#.into(), None)));
        assert_eq!(taken(&()), Ok(("{}".into(), None)));
    }

    #[test]
    fn a_described_item_gives_its_text_apart() {
        let photo = Described::new(Photo { path: "a.jpg", size: Some(1) }, "Photo a");
        assert_eq!(taken(&photo), Ok((r#"{"path":"a.jpg","size":1}"#.into(), Some("Photo a".into()))));
    }

    #[test]
    fn what_has_no_fields_is_refused() {
        assert!(taken(&3).unwrap_err().ends_with("but it is a number"));
        assert!(taken(&["a"]).unwrap_err().contains("tuple"));
        assert!(taken(&vec!["a"]).unwrap_err().contains("a list"));
    }
}
