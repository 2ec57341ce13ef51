//! What is said about attributes and blocks that stand in the wrong place.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::report::Report;

/// `#[task]` and its like outside of an impl block with `#[process]`: the item stays.
pub(crate) fn stray_attribute(word: &str, item: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let fact = format!("`#[{word}]` stands outside of a process");
    report.at(Span::call_site(), fact, "put `#[process]` on the impl block of this method");
    let errors = report.into_tokens();
    quote!(#item #errors)
}
