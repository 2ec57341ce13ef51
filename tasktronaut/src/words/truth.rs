//! Which option values count as yes.

use serde_json::Value;

/// Whether an option's value counts as set: everything but `null`, `false`, `0`, `""`, `[]` and `{}`.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn empty_things_are_false() {
        for no in [json!(null), json!(false), json!(0), json!(0.0), json!(""), json!([]), json!({})] {
            assert!(!is_true(&no), "{no}");
        }
        for yes in [json!(true), json!(1), json!(-0.5), json!("no"), json!([0]), json!({"a": 0})] {
            assert!(is_true(&yes), "{yes}");
        }
    }
}
