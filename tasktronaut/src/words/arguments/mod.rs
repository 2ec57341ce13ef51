//! Arguments: names with JSON values, as a value of their own ([`Arguments`]), as one flat table for a whole process
//! ([`table`]), and as the typed structs that tasks take ([`set`]).

mod fields;
pub(crate) mod set;
#[cfg(feature = "durable")]
pub(crate) mod stored;
pub(crate) mod table;
mod value;

pub use fields::Described;
pub use set::{Argument, ArgumentError, ArgumentSet, Expected, List, Parameter};
pub use table::{ArgumentsRef, Encoder};
pub use value::Arguments;
pub(crate) use value::{deserialize_set, serialize_set};

/// What a JSON text holds, in the words of an error message.
pub(crate) fn kind_of_json(text: &[u8]) -> &'static str {
    match text.first() {
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(b'"') => "a string",
        Some(b'[') => "a list",
        Some(b'{') => "a map",
        Some(_) if text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => "a fraction",
        Some(_) => "a number",
        None => "nothing",
    }
}
