//! Texts of a bounded length: a task may fail with the whole of the file that it could not read.

/// The longest text of an error, or reason of a cancellation, that is kept, in bytes (`R21`).
pub(super) const MOST: usize = 16 * 1024;

/// What the note takes at most that stands in place of what is left out.
const NOTE: usize = 64;

/// A text of at most [`MOST`] bytes; what is left out is counted at its end. One that was cut stays as it is.
pub(super) fn cut(text: &str) -> String {
    if text.len() <= MOST {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(MOST - NOTE)];
    format!("{kept}.. ({} more bytes are left out)", text.len() - kept.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r21_a_short_text_stays_as_it_is() {
        for text in [String::new(), "ä".to_owned(), "x".repeat(MOST)] {
            assert_eq!(cut(&text), text);
        }
    }

    #[test]
    fn r21_a_long_text_is_cut_between_two_characters_and_once() {
        for text in ["x".repeat(MOST + 1), "ä".repeat(MOST), format!("x{}", "🦀".repeat(MOST))] {
            let short = cut(&text);
            assert!(short.len() <= MOST);
            let (kept, note) = short.split_once(".. (").unwrap();
            assert!(text.starts_with(kept) && kept.len() > MOST - NOTE - 4);
            assert_eq!(note, format!("{} more bytes are left out)", text.len() - kept.len()));
            assert_eq!(cut(&short), short);
        }
    }
}
