//! Answers of the server, taken apart.

use redis::Value;

use super::error::corrupt;
use crate::backend::BackendError;
use crate::backend::store::Key;

/// So many values.
pub(super) fn list(what: &str, value: Value) -> Result<Vec<Value>, BackendError> {
    match value {
        Value::Array(values) | Value::Set(values) => Ok(values),
        _ => Err(corrupt(what, "it is no list")),
    }
}

/// Exactly so many values.
pub(super) fn tuple<const N: usize>(what: &str, value: Value) -> Result<[Value; N], BackendError> {
    list(what, value)?.try_into().map_err(|_| corrupt(what, "it has another length"))
}

/// A string of bytes.
pub(super) fn bytes(what: &str, value: Value) -> Result<Vec<u8>, BackendError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        _ => Err(corrupt(what, "it is no string")),
    }
}

/// A text.
pub(super) fn text(what: &str, value: Value) -> Result<String, BackendError> {
    String::from_utf8(bytes(what, value)?).map_err(|_| corrupt(what, "it is no text"))
}

/// A whole number, in whichever form.
pub(super) fn number(what: &str, value: Value) -> Result<i64, BackendError> {
    match value {
        Value::Int(number) => Ok(number),
        value => text(what, value)?.parse().map_err(|_| corrupt(what, "it is no number")),
    }
}

/// The key of a process.
pub(super) fn key(what: &str, value: Value) -> Result<Key, BackendError> {
    Key::try_from(number(what, value)?).map_err(|_| corrupt(what, "it is negative"))
}

/// A field of a hash, and its value.
pub(super) type Field = (Vec<u8>, Vec<u8>);

/// The fields of a hash, in turn with their values.
pub(super) fn fields(what: &str, value: Value) -> Result<Vec<Field>, BackendError> {
    let mut values = list(what, value)?.into_iter();
    let mut fields = Vec::with_capacity(values.len() / 2);
    while let (Some(field), Some(value)) = (values.next(), values.next()) {
        fields.push((bytes(what, field)?, bytes(what, value)?));
    }
    Ok(fields)
}
