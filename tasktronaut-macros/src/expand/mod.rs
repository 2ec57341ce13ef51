//! The understood process becomes Rust: the user's own impl block, then what is generated, then the mistakes.
//!
//! Nothing here can fail: whatever is wrong was told and left out before.

mod arguments;
mod define;
mod dispatch;
mod implementation;
mod needs;
mod start;
mod subprocess;
mod typecheck;
mod user_impl;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::Attribute;
use syn::parse::Parse;

use crate::check;
use crate::model::{Callable, Process};
use crate::parse::item::Item;
use crate::report::Report;

pub(crate) use needs::resolved;

/// `#[process(attribute)] item`
pub(crate) fn process(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let (output, report) = generate(attribute, item);
    let errors = report.into_tokens();
    quote!(#output #errors)
}

/// What is generated, and what is wrong.
pub(crate) fn generate(attribute: TokenStream, item: TokenStream) -> (TokenStream, Report) {
    let mut report = Report::default();
    let output = match syn::parse::Parser::parse2(Item::parse, item.clone()) {
        Ok(parsed) => match check::process(attribute, parsed, &mut report) {
            Ok(process) => expand(&process),
            Err(item) => user_impl::fallback(&item),
        },
        Err(error) => {
            // What is wrong with an impl block the compiler itself has told.
            if !is_impl(&item) {
                let help = "write `#[process] impl YourType { .. }`";
                report.at(error.span(), "`#[process]` stands on an impl block", help);
            }
            user_impl::unread(item)
        }
    };
    (output, report)
}

/// An impl block begins here, right or wrong.
fn is_impl(item: &TokenStream) -> bool {
    let words = item.clone().into_iter().filter_map(|tree| match tree {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    words.take(2).find(|word| *word != "unsafe").is_some_and(|word| word == "impl")
}

fn expand(process: &Process) -> TokenStream {
    let Process { runtime, conditions, .. } = process;
    let user_impl = user_impl::expand(process);
    let start = start::expand(process);
    let arguments = arguments::expand(process);
    let tables = dispatch::expand(process);
    let implementation = implementation::expand(process);
    let requirements = subprocess::requirements(process);
    let needs = needs::names(process);
    let checks = typecheck::expand(process);
    let lints = lints();
    // expands to:
    //     impl Album { .. }
    //     pub struct AlbumArgs { .. }
    //     const _: () = { .. };
    quote! {
        #user_impl
        #start
        #needs
        #(#conditions)*
        #lints
        const _: () = {
            use #runtime::__private as __tt;
            #arguments
            #tables
            #implementation
            #requirements
            #checks
        };
    }
}

/// What the user sees of generated code has docs, and no style.
fn visible_lints() -> TokenStream {
    quote! {
        #[allow(
            unused,
            missing_copy_implementations,
            missing_debug_implementations,
            private_interfaces,
            unreachable_pub,
            unused_qualifications,
            clippy::all,
            clippy::pedantic,
            clippy::nursery,
            clippy::restriction
        )]
    }
}

/// Generated code is nobody's style.
pub(crate) fn lints() -> TokenStream {
    quote! {
        #[allow(
            unused,
            deprecated,
            let_underscore_drop,
            missing_copy_implementations,
            missing_debug_implementations,
            non_camel_case_types,
            private_bounds,
            private_interfaces,
            single_use_lifetimes,
            trivial_casts,
            trivial_numeric_casts,
            unexpected_cfgs,
            unreachable_pub,
            unused_lifetimes,
            unused_qualifications,
            unused_results,
            clippy::all,
            clippy::pedantic,
            clippy::nursery,
            clippy::restriction
        )]
    }
}

/// The same words, standing at `span`: what is wrong with them is told there.
fn at(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut tree| {
            if let TokenTree::Group(group) = &tree {
                let inner = proc_macro2::Group::new(group.delimiter(), at(group.stream(), span));
                tree = TokenTree::Group(inner);
            }
            // `$crate` knows by its span which crate it is.
            if tree.to_string() != "$crate" {
                tree.set_span(span);
            }
            tree
        })
        .collect()
}

/// The predicates of `#[cfg(..)]`s.
fn predicates(conditions: &[Attribute]) -> Vec<TokenStream> {
    conditions
        .iter()
        .filter_map(|attribute| Some(attribute.meta.require_list().ok()?.tokens.clone()))
        .collect()
}

/// The number of an entry in its table, of which some entries may be conditional.
fn index(table: &[Callable], index: usize) -> TokenStream {
    let certain = table[..index].iter().filter(|entry| entry.conditions.is_empty()).count();
    let conditional: Vec<TokenStream> = table[..index]
        .iter()
        .filter(|entry| !entry.conditions.is_empty())
        .map(|entry| {
            let predicates = predicates(&entry.conditions);
            quote!(+ (::core::cfg!(all(#(#predicates),*)) as usize))
        })
        .collect();
    let certain = proc_macro2::Literal::usize_unsuffixed(certain);
    quote!(#certain #(#conditional)*)
}

/// The hidden struct with the arguments of a task or a source, where it takes any.
fn argument_struct(callable: &Callable) -> Option<Ident> {
    callable.parameters().next()?;
    Some(format_ident!("__{}Args", camel_case(&callable.wire)))
}

/// The hidden function in front of a task, a source or a hook.
fn adapter(name: &str) -> Ident {
    format_ident!("__{name}")
}

/// `create_album` as `CreateAlbum`. What would look like another name then, as `line_1` like `line1`, stays as it is:
/// no two names become one.
fn camel_case(name: &str) -> String {
    let is_word = |part: &str| part.starts_with(|first: char| first.is_lowercase());
    if !name.split('_').all(is_word) || name.contains(char::is_uppercase) {
        return format!("_{name}");
    }
    let mut camel = String::new();
    for part in name.split('_') {
        let mut letters = part.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase).chain(letters));
    }
    camel
}
