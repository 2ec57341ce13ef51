//! What the functions of the cases do with values, as Python does it.

use serde_json::Value;

/// `value * by`.
pub fn times(value: &Value, by: i64) -> Value {
    match value {
        Value::Bool(yes) => (i64::from(*yes) * by).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => (whole * by).into(),
            #[allow(clippy::cast_precision_loss)]
            (None, Some(fraction)) => (fraction * by as f64).into(),
            (None, None) => Value::Null,
        },
        Value::String(text) => text.repeat(usize::try_from(by).unwrap_or(0)).into(),
        Value::Array(items) => (0..by).flat_map(|_| items.iter().cloned()).collect(),
        Value::Null | Value::Object(_) => panic!("Python cannot multiply {value}"),
    }
}

/// What a `for` loop over the value meets.
pub fn elements(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::String(text) => text.chars().map(|character| character.to_string().into()).collect(),
        Value::Object(fields) => fields.keys().map(|name| name.as_str().into()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => panic!("Python cannot iterate over {value}"),
    }
}

/// `str(value)`.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) if fields.len() == 1 => match fields.iter().next() {
            Some((marker, Value::String(text))) if marker == "$date" => text.clone(),
            Some((marker, Value::String(text))) if marker == "$datetime" => text.replace('T', " "),
            _ => representation(value),
        },
        _ => representation(value),
    }
}

/// `repr(value)`, for what case files hold.
fn representation(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(representation).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let entries = fields.iter().map(|(name, value)| format!("'{name}': {}", representation(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
