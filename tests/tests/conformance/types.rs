//! The type language of the case files, checked strictly: nothing is converted to fit.

use serde_json::Value;

/// Whether a value is of a type such as `dict<str,optional<int>>`.
pub fn accepts(type_name: &str, value: &Value) -> bool {
    let (head, inner) = parts(type_name);
    match (head, inner.as_slice()) {
        ("any", []) => true,
        ("str", []) => value.is_string(),
        ("int", []) => value.is_i64() || value.is_u64(),
        ("float", []) => value.is_number(),
        ("bool", []) => value.is_boolean(),
        ("date", []) => marker(value) == Some("$date"),
        ("datetime", []) => marker(value) == Some("$datetime"),
        ("list", []) => value.is_array(),
        ("list", [item]) => {
            value.as_array().is_some_and(|items| items.iter().all(|value| accepts(item, value)))
        }
        ("dict", []) => is_dict(value),
        ("dict", [key, item]) => {
            is_dict(value)
                && value.as_object().is_some_and(|fields| {
                    fields
                        .iter()
                        .all(|(name, value)| accepts(key, &Value::from(&**name)) && accepts(item, value))
                })
        }
        ("optional", [item]) => value.is_null() || accepts(item, value),
        ("union", items) if !items.is_empty() => items.iter().any(|item| accepts(item, value)),
        _ => panic!("the case file names the unknown type `{type_name}`"),
    }
}

/// A date stands in the file as a map with one marked key.
fn marker(value: &Value) -> Option<&str> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    fields.keys().next().map(String::as_str).filter(|key| key.starts_with('$'))
}

fn is_dict(value: &Value) -> bool {
    value.is_object() && marker(value).is_none()
}

/// `a<b,c<d,e>>` is `a` with `b` and `c<d,e>`.
fn parts(type_name: &str) -> (&str, Vec<&str>) {
    let whole = type_name.trim();
    let Some((head, rest)) = whole.split_once('<') else {
        return (whole, Vec::new());
    };
    let Some(inner) = rest.strip_suffix('>') else { panic!("the type `{type_name}` is not closed") };
    let (mut found, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, character) in inner.char_indices() {
        match character {
            '<' => depth += 1,
            '>' => depth -= 1,
            ',' if depth == 0 => {
                found.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(inner[start..].trim());
    (head.trim(), found)
}

#[test]
fn nested_types_are_taken_apart() {
    assert_eq!(parts("dict<str, list<union<int,str>>>"), ("dict", vec!["str", "list<union<int,str>>"]));
    let value = serde_json::json!({"a": [1, "x"], "b": []});
    assert!(accepts("dict<str, list<union<int,str>>>", &value));
    assert!(!accepts("dict<str,list<int>>", &value));
    assert!(!accepts("dict", &serde_json::json!({"$date": "2025-01-02"})));
}
