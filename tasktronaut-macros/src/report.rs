//! Collects mistakes: every one is told, never only the first.
//!
//! An error states a fact and then, on a line of its own, a help that can be typed. It stands on words of the user.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Report {
    errors: Vec<Error>,
}

impl Report {
    /// Tells a mistake on all the words of `place`.
    pub(crate) fn error(&mut self, place: &impl ToTokens, fact: impl Display, help: impl Display) {
        self.errors.push(Error::new_spanned(place.to_token_stream(), text(&fact, &help)));
    }

    /// Tells a mistake on one word.
    pub(crate) fn at(&mut self, span: Span, fact: impl Display, help: impl Display) {
        self.errors.push(Error::new(span, text(&fact, &help)));
    }

    /// Turns the mistakes into `compile_error!` calls.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.errors.into_iter().map(Error::into_compile_error).collect()
    }

    /// The texts alone, for tests.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> Vec<String> {
        self.errors.iter().map(ToString::to_string).collect()
    }
}

fn text(fact: &dyn Display, help: &dyn Display) -> String {
    format!("{fact}\nhelp: {help}")
}
