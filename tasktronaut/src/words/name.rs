//! Names and identifiers: what may be written into a store.

use thiserror::Error;

/// The longest identifier of a process, in bytes (`R21`).
pub const MAX_IDENTIFIER_BYTES: usize = 200;

/// The longest name of a definition, a task or a queue, in bytes (`R21`).
pub const MAX_NAME_BYTES: usize = 128;

/// A name or an identifier that no backend would take.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// The identifier has more than 200 bytes (`R21`).
    #[error("the identifier has {length} bytes, the limit is {MAX_IDENTIFIER_BYTES}: `{start}...`")]
    IdentifierTooLong {
        /// Its length in bytes.
        length: usize,
        /// How it begins.
        start: String,
    },
    /// The identifier holds a control character.
    #[error("the identifier {identifier:?} holds a control character")]
    IdentifierControl {
        /// The identifier.
        identifier: String,
    },
    /// A name is empty, too long, or holds something else than `[A-Za-z0-9_.:-]`.
    #[error("the name {name:?} must be 1 to {MAX_NAME_BYTES} of the characters A-Z a-z 0-9 _ . : -")]
    Name {
        /// The name.
        name: String,
    },
}

/// A new identifier: 32 lower-case hexadecimal digits of a random UUID.
pub(crate) fn random_identifier() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// `R21`: at most 200 bytes; no control characters, so that it can stand in a log line or a key.
pub(crate) fn check_identifier(identifier: &str) -> Result<(), NameError> {
    if identifier.len() > MAX_IDENTIFIER_BYTES {
        let start = identifier.chars().take(32).collect();
        return Err(NameError::IdentifierTooLong { length: identifier.len(), start });
    }
    if identifier.chars().any(char::is_control) {
        return Err(NameError::IdentifierControl { identifier: identifier.to_owned() });
    }
    Ok(())
}

/// `R21`: `[A-Za-z0-9_.:-]{1,128}`.
pub(crate) fn check_name(name: &str) -> Result<(), NameError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(fits) {
        return Err(NameError::Name { name: name.to_owned() });
    }
    Ok(())
}

/// The candidate nearest to a misspelt word, when one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.len().div_ceil(3).max(1);
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The number of single-character edits between two words (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_limits() {
        assert!(check_identifier("album 17: Étape").is_ok());
        assert!(check_identifier(&"x".repeat(200)).is_ok());
        assert!(check_identifier(&"x".repeat(201)).is_err());
        assert!(check_identifier("a\nb").is_err());
    }

    #[test]
    fn names_have_an_alphabet() {
        assert!(check_name("my_app::albums::Album-2.1").is_ok());
        for bad in ["", "a b", "é", &"x".repeat(129)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn random_identifiers_are_hexadecimal() {
        let one = random_identifier();
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        assert_ne!(one, random_identifier());
    }

    #[test]
    fn nearest_finds_typing_mistakes_only() {
        let tasks = ["say_hello", "say_bye", "resize"];
        assert_eq!(nearest("say_helo", tasks.into_iter()), Some("say_hello"));
        assert_eq!(nearest("watermark", tasks.into_iter()), None);
    }
}
