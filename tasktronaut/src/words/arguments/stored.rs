//! An argument table as data: what a stored plan carries.

use serde::{Deserialize, Serialize};

use super::table::{ArgumentTable, Field, Name, Set};

/// All of a table. Numbers refer to places in `texts` and to each other; [`into_table`](Self::into_table) checks them.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredArguments {
    #[serde(with = "bytes")]
    texts: Vec<u8>,
    /// Where the name stands and how long it is; where the value stands and how long it is.
    fields: Vec<(u32, u32, u32, u32)>,
    /// The set below, the first field, how many fields, how many layers.
    sets: Vec<(u32, u32, u16, u16)>,
}

mod bytes {
    //! Bytes as bytes: serde would write a `Vec<u8>` number by number.

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

impl StoredArguments {
    pub(crate) fn of(table: &ArgumentTable) -> Self {
        let field = |field: &Field| (field.name.start, field.name.length, field.start, field.length);
        let set = |set: &Set| (set.below, set.first, set.count, set.layers);
        Self {
            texts: table.texts.clone(),
            fields: table.fields.iter().map(field).collect(),
            sets: table.sets.iter().map(set).collect(),
        }
    }

    /// The table, if every number in it refers to something that is there.
    pub(crate) fn into_table(self) -> Result<ArgumentTable, &'static str> {
        let length = self.texts.len() as u64;
        let is_within = |start: u32, size: u32| u64::from(start) + u64::from(size) <= length;
        if !self.fields.iter().all(|field| is_within(field.0, field.1) && is_within(field.2, field.3)) {
            return Err("an argument lies outside of the texts");
        }
        let fields = self.fields.len() as u64;
        for (number, (below, first, count, layers)) in self.sets.iter().enumerate() {
            if u64::from(*first) + u64::from(*count) > fields {
                return Err("a set of arguments has more fields than there are");
            }
            // Each set lies over an earlier one, and the lowest over none, so that looking downwards ends.
            let is_over =
                *layers <= 1 || ((*below as usize) < number && self.sets[*below as usize].3 + 1 == *layers);
            if !is_over {
                return Err("a set of arguments lies over one that is not there");
            }
        }
        if self.sets.is_empty() {
            return Err("there is no set of arguments");
        }
        let field = |(name, name_length, start, length)| Field {
            name: Name { start: name, length: name_length },
            start,
            length,
        };
        let set = |(below, first, count, layers)| Set { below, first, count, layers };
        Ok(ArgumentTable {
            texts: self.texts,
            fields: self.fields.into_iter().map(field).collect(),
            sets: self.sets.into_iter().map(set).collect(),
            ..ArgumentTable::default()
        })
    }
}
