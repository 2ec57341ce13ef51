//! `if option(name)`, and what people write instead.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Lit, LitStr};

use super::brackets;
use super::cursor::Cursor;
use super::mistake::{is_end, opens_block};
use crate::report::Report;
use crate::text;
use crate::words;

/// `option(name [= literal])` behind `if`.
pub(super) fn question(
    word: &Ident,
    question: &[TokenTree],
    cursor: &Cursor,
    report: &mut Report,
) -> Option<(Ident, TokenStream)> {
    let place: TokenStream = question.iter().cloned().collect();
    let [TokenTree::Ident(option), TokenTree::Group(asked)] = question else {
        let fact = "`if` asks for an option of the process, nothing else";
        match question {
            [] => report.error(word, fact, "write `if option(name) { .. }`"),
            [TokenTree::Ident(name)] if name == "option" => {
                report.error(&place, "an option is asked for by its name", "write `if option(name) { .. }`");
            }
            [TokenTree::Ident(option), TokenTree::Ident(name)] if option == "option" => {
                let help = format!("write `if option({name}) {{ .. }}`");
                report.error(&place, "the name of an option stands in parentheses", help);
            }
            [TokenTree::Group(group)] if is_asked(&group.stream()) => {
                let help = format!("write `if {} {{ .. }}`", text::of(&group.stream()));
                report.error(&place, "behind `if` stand no parentheses", help);
            }
            [TokenTree::Ident(name)] => {
                report.error(&place, fact, format!("write `if option({name}) {{ .. }}`"));
            }
            [not, TokenTree::Ident(option), TokenTree::Group(asked)] if option == "option" => {
                let asked = text::of(&asked);
                let fact = format!("`{not}` cannot stand here: the other way round goes into `else`");
                report.error(&place, fact, format!("write `if option{asked} {{ .. }} else {{ .. }}`"));
            }
            [TokenTree::Ident(option), TokenTree::Group(first), .., TokenTree::Group(last)]
                if option == "option" =>
            {
                let (first, last) = (text::of(first), text::of(last));
                let fact = "`if` asks for one option";
                let help = format!("write `if option{first} {{ if option{last} {{ .. }} }}`");
                report.error(&place, fact, help);
            }
            [TokenTree::Ident(option), TokenTree::Group(asked), rest @ ..] if option == "option" => {
                let start = format!("if option{}", text::of(asked));
                match rest {
                    [TokenTree::Ident(_), ..] => brackets::no_braces(cursor, &start, rest, report),
                    [TokenTree::Literal(_), ..] => {
                        let help = format!("write `{start} {{ .. }}`");
                        report.error(&place, "an `if` has no description", help);
                    }
                    _ => report.error(&place, fact, format!("write `{start} {{ .. }}`")),
                }
            }
            _ => report.error(&place, fact, "write `if option(name) { .. }`"),
        }
        return None;
    };
    if option != "option" {
        let fact = "`if` asks for an option of the process, nothing else";
        report.error(&place, fact, format!("write `if option{} {{ .. }}`", text::of(asked)));
        return None;
    }
    let mut inner = Cursor::new(asked.stream());
    let Some(name) = inner.ident() else {
        let wrong = asked.stream();
        let help = match syn::parse2::<LitStr>(wrong.clone()) {
            Ok(string) => format!("write `option({})`", string.value()),
            Err(_) => "write `option(name)` or `option(name = true)`".to_owned(),
        };
        report.error(&place, "an option is asked for by its name", help);
        return None;
    };
    if inner.is_empty() {
        return Some((name, quote!(())));
    }
    let equals = inner.punct('=');
    let value: TokenStream = inner.until(|_| false).into_iter().collect();
    match syn::parse2::<Lit>(value.clone()) {
        Ok(Lit::Bool(_) | Lit::Int(_) | Lit::Float(_) | Lit::Str(_)) if equals => Some((name, value)),
        _ => {
            let place = if value.is_empty() { name.to_token_stream() } else { value };
            let name = name.unraw();
            report.error(
                &place,
                format!("the default of the option `{name}` is a bool, a number or a string"),
                format!("write `option({name} = true)`"),
            );
            None
        }
    }
}

/// `option(..)`
fn is_asked(words: &TokenStream) -> bool {
    let mut words = words.clone().into_iter();
    matches!(
        (words.next(), words.next(), words.next()),
        (Some(TokenTree::Ident(option)), Some(TokenTree::Group(_)), None) if option == "option"
    )
}

/// `elseif option(..) { .. }`: the word, when it is there.
pub(super) fn else_if(cursor: &mut Cursor, report: &mut Report) -> Option<Ident> {
    let word = cursor.peek_ident().filter(|word| ["elseif", "elif", "elsif"].iter().any(|it| word == it));
    let word = word.cloned()?;
    cursor.next();
    report.error(&word, format!("there is no `{word}`"), "write `else if option(name) { .. }`");
    Some(word)
}

/// `unless option(name) { .. }`, `option(name) { .. }`
pub(super) fn is_question(word: &Ident, cursor: &Cursor) -> bool {
    let asked = word == "option" && cursor.peek_group(Delimiter::Parenthesis).is_some();
    let meant = words::block_meant(&word.to_string()) == Some("if");
    meant && (asked || cursor.peek_word("option")) && opens_block(cursor.find(is_end))
}
