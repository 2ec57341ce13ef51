//! Did you mean ..? The nearest of the known names.

/// The known name nearest to `word`, when it is near enough to be a slip of the finger.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    // Every letter is near to every other one.
    let limit = if length == 1 { 0 } else { (length / 3).clamp(1, 3) };
    known
        .into_iter()
        .map(|name| (distance(&word, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= limit || is_part(&word, name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A shortened or prolonged name: `timeout_ms` for `timeout`, `description` for `desc`.
fn is_part(word: &str, name: &str) -> bool {
    word.len() >= 3 && name.len() >= 3 && (name.starts_with(word) || word.starts_with(name))
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, l) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, r) in right.iter().enumerate() {
            let mut best =
                (above[column] + usize::from(l != r)).min(above[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && *l == right[column - 1] && left[row - 1] == *r {
                best = best.min(before[column - 1] + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_found() {
        let known = ["resize", "watermark", "create_album"];
        assert_eq!(nearest("rezise", known), Some("resize"));
        assert_eq!(nearest("watremark", known), Some("watermark"));
        assert_eq!(nearest("create", known), Some("create_album"));
        assert_eq!(nearest("publish", known), None);
    }

    #[test]
    fn short_words_are_not_mixed_up() {
        assert_eq!(nearest("a", ["xyz"]), None);
        assert_eq!(nearest("b", ["a", "c"]), None);
        assert_eq!(nearest("sqe", ["seq", "par"]), Some("seq"));
    }
}
