//! Prints Rust the way a person writes it: `Vec<PathBuf>` and not `Vec < PathBuf >`.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The words of `code` with the usual spaces.
pub(crate) fn of(code: &impl ToTokens) -> String {
    let mut line = Line::default();
    line.stream(code.to_token_stream());
    line.text
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn list(names: &[&str], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((end, start)) if !start.is_empty() => format!("{} {last} {end}", start.join(", ")),
        _ => quoted.concat(),
    }
}

#[derive(Default)]
struct Line {
    text: String,
    /// The last character was part of a word.
    word: bool,
    /// The punctuation that is not complete yet, as `-` of `->`.
    joint: String,
}

impl Line {
    fn stream(&mut self, stream: TokenStream) {
        for tree in stream {
            match tree {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Brace => (" { ", " }"),
                        Delimiter::None => ("", ""),
                    };
                    self.text.push_str(open);
                    self.word = self.word && open.is_empty();
                    self.stream(group.stream());
                    self.text.push_str(close);
                    self.word = self.word || matches!(close, ")" | "]");
                }
                TokenTree::Punct(punct) => self.punct(punct.as_char(), punct.spacing()),
                word => {
                    if self.word {
                        self.text.push(' ');
                    }
                    self.text.push_str(&word.to_string());
                    self.word = true;
                }
            }
        }
    }

    fn punct(&mut self, character: char, spacing: Spacing) {
        self.joint.push(character);
        if spacing == Spacing::Joint && matches!(character, ':' | '-' | '=') {
            return;
        }
        let mark = std::mem::take(&mut self.joint);
        match mark.as_str() {
            "," | ";" | ":" => self.text.extend([&mark, " "]),
            "=" | "+" | "->" | "=>" | "|" => self.text.extend([" ", &mark, " "]),
            "&" | "'" | "#" => {
                if self.word {
                    self.text.push(' ');
                }
                self.text.push_str(&mark);
            }
            _ => self.text.push_str(&mark),
        }
        self.word = mark == ">";
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn types_read_as_they_are_written() {
        let case = |code: TokenStream, expected: &str| assert_eq!(of(&code), expected);
        case(quote!(Vec<PathBuf>), "Vec<PathBuf>");
        case(quote!(HashMap<String, Vec<u8>>), "HashMap<String, Vec<u8>>");
        case(quote!(&'static str), "&'static str");
        case(quote!(&mut Context), "&mut Context");
        case(quote!(Box<dyn Error + Send>), "Box<dyn Error + Send>");
        case(quote!([u8; 4]), "[u8; 4]");
        case(quote!((u8, std::string::String)), "(u8, std::string::String)");
        case(quote!(<Self as Named>::Name), "<Self as Named>::Name");
        case(quote!(fn(u8) -> u8), "fn(u8) -> u8");
    }

    #[test]
    fn names_are_listed() {
        assert_eq!(list(&["a"], "and"), "`a`");
        assert_eq!(list(&["a", "b", "c"], "or"), "`a`, `b` or `c`");
    }
}
