//! The user's own impl block, word for word, without the words that are ours.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::{Attribute, FnArg};

use super::define;
use crate::model::{Definition, Process};
use crate::parse::cursor::{is_group, is_punct};
use crate::parse::embedded;
use crate::parse::item::{Item, Member, Method, Role};

/// The impl block of a process.
///
/// A `define_process` with arguments is left out: its words stand in the generated one.
pub(super) fn expand(process: &Process) -> TokenStream {
    let mut islands = match &process.definition {
        Definition::Written { islands, .. } => islands.iter(),
        Definition::Declared { .. } => [].iter(),
    };
    let declared = matches!(process.definition, Definition::Declared { .. });
    let runtime = &process.runtime;
    let mut replace = |body: TokenStream| {
        embedded::replace(body, &mut |_| match islands.next() {
            Some(graph) if graph.builder.is_empty() => quote!({}),
            Some(graph) => {
                let (builder, steps) = (&graph.builder, define::nodes(process, &graph.nodes));
                let lint = super::lints();
                quote!({
                    #lint
                    use #runtime::__private as __tt;
                    let builder: &mut __tt::Builder<Self> = &mut *#builder;
                    #steps
                })
            }
            None => quote!({}),
        })
    };
    block(&process.item, &mut |method| {
        let is_definition = method.signature.ident == "define_process" && role(method).is_none();
        match (is_definition, declared) {
            (true, true) => TokenStream::new(),
            (true, false) => method_with(method, &mut replace),
            (false, _) => method_with(method, &mut |body| body),
        }
    })
}

/// The impl block of what cannot be a process.
pub(super) fn fallback(item: &Item) -> TokenStream {
    block(item, &mut |method| {
        let is_definition = method.signature.ident == "define_process";
        if is_definition && !matches!(method.signature.inputs.first(), Some(FnArg::Receiver(_))) {
            return TokenStream::new();
        }
        method_with(method, &mut |body| {
            if is_definition { embedded::replace(body, &mut |_| quote!({})) } else { body }
        })
    })
}

fn block(item: &Item, write: &mut impl FnMut(&Method) -> TokenStream) -> TokenStream {
    let Item { attributes, unsafety, impl_word, generics, self_type, inner_attributes, .. } = item;
    let for_trait = item.for_trait.as_ref().map(|(negative, path, word)| quote!(#negative #path #word));
    let mut inside = quote!(#(#inner_attributes)*);
    for member in &item.members {
        match member {
            Member::Method(method) => inside.extend(write(method)),
            Member::Other(other) => inside.extend(other.clone()),
        }
    }
    let mut braces = Group::new(Delimiter::Brace, inside);
    braces.set_span(item.braces.span());
    let clause = &generics.where_clause;
    quote!(#(#attributes)* #unsafety #impl_word #generics #for_trait #self_type #clause #braces)
}

fn role(method: &Method) -> Option<Role> {
    method.attributes.iter().find_map(Role::of)
}

fn method_with(method: &Method, body: &mut impl FnMut(TokenStream) -> TokenStream) -> TokenStream {
    let Method { visibility, modifier, .. } = method;
    let attributes = method.attributes.iter().filter(|attribute| Role::of(attribute).is_none());
    let mut signature = method.signature.clone();
    for input in &mut signature.inputs {
        if let FnArg::Typed(typed) = input {
            typed.attrs.retain(|attribute| !is_ours(attribute));
        }
    }
    let allowed = allowed(method);
    let body = match &method.body {
        Some(group) => {
            let mut group_with = Group::new(group.delimiter(), body(group.stream()));
            group_with.set_span(group.span());
            group_with.into_token_stream()
        }
        None => quote!(;),
    };
    quote!(#(#attributes)* #allowed #visibility #modifier #signature #body)
}

/// What clippy asks of a function and a task cannot give: its arguments are owned, and hooks have a fixed shape.
fn allowed(method: &Method) -> TokenStream {
    let name = method.signature.ident.to_string();
    if role(method).is_some() {
        quote! {
            #[allow(clippy::needless_pass_by_value, clippy::unused_self)]
            #[allow(clippy::trivially_copy_pass_by_ref)]
        }
    } else if crate::words::hook(&name).is_some() {
        quote!(#[allow(clippy::trivially_copy_pass_by_ref, clippy::unused_async, clippy::unused_self)])
    } else {
        TokenStream::new()
    }
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().is_ident("default")
}

/// Words that are no impl block (yet): all of them, without our attributes and `process! { .. }`.
pub(super) fn unread(tokens: TokenStream) -> TokenStream {
    let tokens = embedded::replace(tokens, &mut |_| quote!({}));
    without_attributes(tokens)
}

fn without_attributes(tokens: TokenStream) -> TokenStream {
    let mut output = TokenStream::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let is_attribute = is_punct(&tree, '#')
            && trees.peek().is_some_and(|next| is_group(next, Delimiter::Bracket) && names_role(next));
        match tree {
            _ if is_attribute => {
                trees.next();
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_attributes(group.stream()));
                inner.set_span(group.span());
                output.append(inner);
            }
            tree => output.append(tree),
        }
    }
    output
}

fn names_role(brackets: &TokenTree) -> bool {
    let TokenTree::Group(group) = brackets else { return false };
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(word)) if ["task", "each", "transform", "default"].iter().any(|w| word == w))
}
