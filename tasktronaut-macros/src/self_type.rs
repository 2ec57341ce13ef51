//! `Self` in a type or value that moves out of the impl block.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Type;

use crate::parse::cursor::is_punct;

/// Writes the type of the impl block for `Self`, in the place of `Self`.
pub(crate) fn replace(tokens: TokenStream, self_type: &Type) -> TokenStream {
    let mut trees = tokens.into_iter().peekable();
    let mut output = TokenStream::new();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(word) if word == "Self" => {
                let named = match trees.peek() {
                    Some(next) if is_punct(next, ':') => quote!(<#self_type>),
                    _ => self_type.to_token_stream(),
                };
                output.extend(named.into_iter().map(|mut tree| {
                    tree.set_span(tree.span().located_at(word.span()));
                    tree
                }));
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), replace(group.stream(), self_type));
                inner.set_span(group.span());
                output.extend([TokenTree::Group(inner)]);
            }
            tree => output.extend([tree]),
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn self_becomes_the_type() {
        let album: Type = syn::parse_quote!(Album<u8>);
        assert_eq!(crate::text::of(&replace(quote!(Vec<Self>), &album)), "Vec<Album<u8>>");
        assert_eq!(crate::text::of(&replace(quote!([u8; Self::N]), &album)), "[u8; <Album<u8>>::N]");
    }
}
