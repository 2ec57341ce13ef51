//! What is said about attributes and blocks that stand in the wrong place.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use crate::report::Report;

/// `#[task]` and its like outside of an impl block with `#[process]`: the item stays.
pub(crate) fn stray_attribute(word: &str, item: &TokenStream) -> TokenStream {
    let mut report = Report::default();
    let fact = format!("`#[{word}]` stands outside of a process");
    report.at(name(item), fact, "put `#[process]` on the impl block of this method");
    let errors = report.into_tokens();
    quote!(#item #errors)
}

/// Words that `#[process]` cannot read are no Rust, which the compiler has told. Should it be otherwise, this is told
/// instead: the compiler looks at a constant in a function last of all, when everything else is right.
pub(crate) fn unread(words: &TokenStream) -> TokenStream {
    let span = name(words);
    let text =
        "`#[process]` cannot read this\nhelp: write it in simpler words, or put it into another impl block";
    quote_spanned!(span=> const { ::core::panic!(#text) };)
}

/// The name of a function, or the first word of something else.
fn name(item: &TokenStream) -> Span {
    let mut words = item.clone().into_iter();
    let first = words.clone().next().map_or_else(Span::call_site, |word| word.span());
    words.find(|word| matches!(word, TokenTree::Ident(word) if *word == "fn"));
    words.next().map_or(first, |name| name.span())
}
