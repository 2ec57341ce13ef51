//! Reading Rust source as far as the drawing needs it: words and signs, without comments, texts and tests; and the
//! paths that a file uses.

/// One word or sign; `::` is one sign.
pub type Token = String;

/// The words and signs of a source, without comments, texts, and what is for tests only.
pub fn tokens(source: &str) -> Vec<Token> {
    without_tests(&lex(source))
}

fn lex(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        let next = rest.get(1).copied().unwrap_or(' ');
        at += match rest[0] {
            '/' if next == '/' => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            '/' if next == '*' => block_comment(rest),
            '"' => plain_text(rest),
            'r' if raw_text(rest).is_some() => raw_text(rest).unwrap_or(1),
            '\'' => quote(rest),
            ':' if next == ':' => {
                tokens.push("::".to_owned());
                2
            }
            c if is_word(c) => {
                let word: String = rest.iter().take_while(|c| is_word(**c)).collect();
                let length = word.chars().count();
                tokens.push(word);
                length
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                1
            }
        };
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match (rest[at], rest.get(at + 1)) {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at
}

fn plain_text(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The length of `r"..."` or `r#"..."#`, if one begins here.
fn raw_text(rest: &[char]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = &rest[2 + hashes..];
    let length = body.windows(end.len()).position(|window| window == end)?;
    Some(2 + hashes + length + end.len())
}

/// A character, or the tick of a lifetime.
fn quote(rest: &[char]) -> usize {
    match (rest.get(1), rest.get(2)) {
        (Some('\\'), _) => rest.iter().skip(3).position(|c| *c == '\'').map_or(1, |end| end + 4),
        (Some(_), Some('\'')) => 3,
        _ => 1,
    }
}

/// Leaves out every item under `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if tokens[at..].len() >= MARK.len() && tokens[at..at + MARK.len()].iter().eq(MARK) {
            at += MARK.len();
            at += item_length(&tokens[at..]);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// How long an item is: up to its `;`, or to the end of its braces.
fn item_length(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token == "}" {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// A path that a file uses: its words, and the name under which a `use` makes it known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    pub path: Vec<String>,
    pub known_as: Option<String>,
    /// Whether it is passed on to others, as in `pub use`.
    pub passed_on: bool,
}

/// All paths in the tokens: of `use` items, and those in code.
pub fn used_paths(tokens: &[Token]) -> Vec<Used> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if tokens[at] == "use" {
            let end = tokens[at..].iter().position(|token| token == ";").map_or(tokens.len(), |end| at + end);
            let passed_on = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
            use_tree(&tokens[at + 1..end], &[], passed_on, &mut found);
            at = end;
            continue;
        }
        let inside = at > 0 && (tokens[at - 1] == "::" || tokens[at - 1] == "$");
        let begins = !inside && tokens.get(at + 1).is_some_and(|next| next == "::");
        if begins && tokens[at].starts_with(is_word) {
            let path = path_at(&tokens[at..]);
            at += 2 * path.len() - 1;
            found.push(Used { path, known_as: None, passed_on: false });
            continue;
        }
        at += 1;
    }
    found
}

/// `a::b::c` as its words.
fn path_at(tokens: &[Token]) -> Vec<String> {
    let mut path = vec![tokens[0].clone()];
    for pair in tokens[1..].chunks(2) {
        match pair {
            [colons, word] if colons == "::" && word.starts_with(is_word) => path.push(word.clone()),
            _ => break,
        }
    }
    path
}

/// `a::{b, c::{self, d as e}}` as `a::b`, `a::c` and `a::c::d`.
fn use_tree(tokens: &[Token], before: &[String], passed_on: bool, found: &mut Vec<Used>) {
    for branch in branches(tokens) {
        let mut path = before.to_vec();
        let mut at = 0;
        while at < branch.len() && branch[at] != "{" && branch[at] != "as" {
            if branch[at] != "::" {
                path.push(branch[at].clone());
            }
            at += 1;
        }
        if branch.get(at).is_some_and(|token| token == "{") {
            use_tree(&branch[at + 1..branch.len() - 1], &path, passed_on, found);
            continue;
        }
        path.pop_if(|last| (last == "self" && !before.is_empty()) || last == "*");
        let known_as = branch.get(at + 1).or(path.last()).cloned();
        found.push(Used { path, known_as, passed_on });
    }
}

/// The parts between the commas that are not within braces.
fn branches(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    let parts = tokens.split(|token| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        depth == 0 && token == ","
    });
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str) -> Vec<String> {
        used_paths(&tokens(source)).iter().map(|used| used.path.join("::")).collect()
    }

    #[test]
    fn paths_are_found_in_uses_and_in_code() {
        let source = "use crate::{a::b, c::{self, d as e}, f::*};\nfn g() { crate::h::i(super::j::K); }";
        assert_eq!(
            paths(source),
            ["crate::a::b", "crate::c", "crate::c::d", "crate::f", "crate::h::i", "super::j::K"]
        );
        let renamed = used_paths(&tokens("pub(crate) use a::b as c;")).remove(0);
        assert_eq!((renamed.known_as.as_deref(), renamed.passed_on), (Some("c"), true));
        assert!(!used_paths(&tokens("use a::b;"))[0].passed_on);
    }

    #[test]
    fn comments_texts_and_tests_do_not_count() {
        let source = r##"
            //! crate::a::x
            /* crate::b::x /* crate::c::x */ crate::d::x */
            const T: &str = "crate::e::x \" crate::f::x";
            const R: &str = r#"crate::g::x " crate::h::x"#;
            const C: char = '"'; const D: char = '\''; const E: char = '\u{7b}';
            fn own<'a>(_: &'a str) { $crate::i::x }
            #[cfg(test)]
            mod tests { fn y() { crate::k::x() } }
            #[cfg(test)]
            use crate::l::x;
            fn last() { crate::m::x() }
        "##;
        assert_eq!(paths(source), ["crate::m::x"]);
    }
}
