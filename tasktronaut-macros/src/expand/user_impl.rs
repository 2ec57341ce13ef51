//! The user's own impl block, word for word, without the words that are ours.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::{Attribute, FnArg, ReturnType, Signature, Type};

use super::define;
use crate::model::{Definition, Graph, Process};
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
    block(&process.item, &mut |method| {
        let is_definition = method.signature.ident == "define_process" && role(method).is_none();
        if is_definition && declared {
            return TokenStream::new();
        }
        let mut told = false;
        let method = method_with(method, &mut |body| {
            embedded::replace(body, &mut |_| {
                let island = if is_definition { islands.next() } else { None };
                let graph = island.filter(|graph| !graph.builder.is_empty());
                told |= graph.is_none();
                match graph {
                    Some(graph) => steps(process, graph),
                    None if is_definition => quote!({}),
                    None => quote!({ ::core::unreachable!() }),
                }
            })
        });
        // What would have used a variable was wrong, and told.
        let lint = told.then(|| quote!(#[allow(unused_variables)]));
        quote!(#lint #method)
    })
}

/// The steps of a `process!` block in a hand-written definition.
fn steps(process: &Process, graph: &Graph) -> TokenStream {
    let runtime = &process.runtime;
    let (builder, steps) = (&graph.builder, define::nodes(process, &graph.nodes));
    let lint = super::lints();
    quote!({
        #lint
        use #runtime::__private as __tt;
        let builder: &mut __tt::Builder<Self> = &mut *#builder;
        #steps
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
            Member::Other(other) => inside.extend(without_attributes(other.clone())),
            Member::Unread(words) => inside.extend(unread(words.clone())),
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
    let is_told =
        |attribute: &Attribute| Role::of(attribute).or_else(|| Role::conditional(attribute)).is_some();
    let attributes = method.attributes.iter().filter(|attribute| !is_told(attribute));
    let is_callable = role(method).is_some();
    let mut signature = method.signature.clone();
    for input in &mut signature.inputs {
        if let FnArg::Typed(typed) = input {
            typed.attrs.retain(|attribute| !is_ours(attribute, is_callable));
        }
    }
    if is_callable {
        plain(&mut signature);
    }
    let allowed = allowed(method);
    let body = match &method.body {
        Some(group) => {
            let mut group_with = Group::new(group.delimiter(), body(group.stream()));
            group_with.set_span(group.span());
            group_with.into_token_stream()
        }
        None => method.semicolon.to_token_stream(),
    };
    quote!(#(#attributes)* #allowed #visibility #modifier #signature #body)
}

/// Leaves out of the signature of a task what was told, so that the compiler does not tell it too.
fn plain(signature: &mut Signature) {
    signature.variadic = None;
    for parameter in signature.generics.type_params_mut() {
        parameter.default = None;
    }
    for parameter in signature.generics.const_params_mut() {
        parameter.default = None;
    }
    if matches!(&signature.output, ReturnType::Type(_, output) if matches!(**output, Type::Never(_))) {
        signature.output = ReturnType::Default;
    }
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

/// Defaults are ours, and so is what documents an argument of a task: Rust knows no documentation of parameters.
fn is_ours(attribute: &Attribute, is_callable: bool) -> bool {
    attribute.path().is_ident("default") || (is_callable && attribute.path().is_ident("doc"))
}

/// Words that are no impl block (yet): all of them, without our attributes and `process! { .. }`.
pub(super) fn unread(tokens: TokenStream) -> TokenStream {
    let tokens = embedded::replace(tokens, &mut |_| quote!({}));
    without_attributes(tokens)
}

fn without_attributes(tokens: TokenStream) -> TokenStream {
    without(&tokens).unwrap_or(tokens)
}

/// Nothing where none of our attributes is.
fn without(tokens: &TokenStream) -> Option<TokenStream> {
    let mut output = TokenStream::new();
    let mut found = false;
    let mut trees = tokens.clone().into_iter().peekable();
    while let Some(tree) = trees.next() {
        let is_attribute = is_punct(&tree, '#')
            && trees.peek().is_some_and(|next| is_group(next, Delimiter::Bracket) && names_role(next));
        match tree {
            _ if is_attribute => {
                trees.next();
                found = true;
            }
            TokenTree::Group(group) => match without(&group.stream()) {
                Some(inner) => {
                    let mut inner = Group::new(group.delimiter(), inner);
                    inner.set_span(group.span());
                    output.append(inner);
                    found = true;
                }
                None => output.append(group),
            },
            tree => output.append(tree),
        }
    }
    found.then_some(output)
}

fn names_role(brackets: &TokenTree) -> bool {
    let TokenTree::Group(group) = brackets else { return false };
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(word)) if ["task", "each", "transform", "default"].iter().any(|w| word == w))
}
