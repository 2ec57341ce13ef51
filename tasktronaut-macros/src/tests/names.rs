//! Editors find what a step names: the words of the graph stand in the expansion too.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand;

fn expanded(steps: &TokenStream) -> String {
    let item = quote! {
        impl Album {
            fn define_process() { process! { #steps } }
            #[task]
            fn resize(&self) {}
        }
    };
    crate::text::of(&expand::process(TokenStream::new(), item))
}

#[test]
fn known_names_are_referred_to() {
    assert!(expanded(&quote!(seq { resize; })).contains("let _ = <Album>::resize"));
}

#[test]
fn unknown_names_are_completed() {
    let text = expanded(&quote!(seq { res }));
    assert!(text.contains("cfg(rust_analyzer)") && text.contains("let _ = <Album>::res;"), "{text}");
}
