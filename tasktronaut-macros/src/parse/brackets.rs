//! Blocks in other brackets than braces.

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::cursor::{Cursor, is_punct};
use super::mistake::{is_end, is_word, opens_block};
use crate::report::Report;
use crate::text;

/// `seq < a; b >`, `seq(a; b)` and `seq[a; b]`: the steps inside. Without any of them nothing stands there.
pub(super) fn other_brackets(
    cursor: &mut Cursor,
    start: &str,
    place: &impl ToTokens,
    report: &mut Report,
) -> Option<TokenStream> {
    let (wrong, inner) = match cursor.peek() {
        Some(TokenTree::Punct(open)) if open.as_char() == '<' => {
            let (wrong, inner) = angle(cursor);
            (wrong, Some(inner))
        }
        Some(TokenTree::Group(group)) => {
            let group = group.clone();
            cursor.next();
            (group.to_token_stream(), Some(without_commas(group.stream())))
        }
        // `seq: a, b`, `seq => { a; }`, `par async { a; }`
        Some(TokenTree::Punct(punct)) if !matches!(punct.as_char(), ';' | ',') => stray(cursor),
        Some(TokenTree::Ident(word)) if !is_word(word) && opens_block(cursor.find(is_end)) => stray(cursor),
        _ => {
            report.error(
                place,
                format!("`{start}` has no steps"),
                format!("write `{start} {{ first_task; }}`"),
            );
            cursor.punct(';');
            return None;
        }
    };
    let steps = inner.as_ref().map_or_else(|| "first_task;".to_owned(), text::of);
    report.error(
        &wrong,
        "the steps of a block stand in braces",
        format!("write `{start} {{ {} }}`", steps.trim()),
    );
    inner
}

/// `each path in photos resize;`, `if option(cover) seq { draw; }`: behind its head a block begins without braces.
pub(super) fn no_braces(cursor: &Cursor, start: &str, rest: &[TokenTree], report: &mut Report) {
    let place: TokenStream = rest.iter().cloned().collect();
    let steps = text::of(&place);
    let steps = match cursor.peek_group(Delimiter::Brace) {
        Some(_) => format!("{steps} {{ .. }}"),
        None => format!("{steps};"),
    };
    let help = format!("write `{start} {{ {steps} }}`");
    report.error(&place, "the steps of a block stand in braces", help);
}

/// `a, b` as `a; b`, to be told once.
fn without_commas(steps: TokenStream) -> TokenStream {
    let mended = steps.into_iter().map(|tree| match &tree {
        TokenTree::Punct(comma) if comma.as_char() == ',' => {
            let mut end = Punct::new(';', Spacing::Alone);
            end.set_span(comma.span());
            end.into()
        }
        _ => tree,
    });
    mended.collect()
}

/// What stands before the braces, and what is in them; without braces all the rest, of which nobody knows where it
/// belongs.
fn stray(cursor: &mut Cursor) -> (TokenStream, Option<TokenStream>) {
    let wrong: TokenStream = cursor.until(is_end).into_iter().collect();
    let steps = cursor.group(Delimiter::Brace).map(|group| group.stream());
    if steps.is_none() {
        cursor.until(|_| false);
    }
    (wrong, steps)
}

/// `< a; par < b > >`, without the outer brackets; the inner ones become blocks, to be told once.
fn angle(cursor: &mut Cursor) -> (TokenStream, TokenStream) {
    let mut whole = TokenStream::new();
    whole.extend(cursor.next());
    let mut levels = vec![TokenStream::new()];
    while let Some(tree) = cursor.next() {
        whole.extend([tree.clone()]);
        if is_punct(&tree, '<') {
            levels.push(TokenStream::new());
        } else if is_punct(&tree, '>') {
            let inner = levels.pop().unwrap_or_default();
            match levels.last_mut() {
                Some(level) => level.extend(quote!({ #inner })),
                None => return (whole, inner),
            }
        } else if let Some(level) = levels.last_mut() {
            level.extend([tree]);
        }
    }
    (whole, levels.into_iter().collect())
}
