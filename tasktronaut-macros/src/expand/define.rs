//! The steps become calls of a builder, by their numbers in the tables.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::LitStr;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::needs;
use crate::model::{Node, Process};
use crate::parse::graph::Mode;

/// Calls of a variable `builder`.
pub(super) fn nodes(process: &Process, nodes: &[Node]) -> TokenStream {
    nodes.iter().map(|node| expand(process, node)).collect()
}

fn expand(process: &Process, node: &Node) -> TokenStream {
    match node {
        Node::Task { task, text } => {
            let (index, text) = (super::index(&process.tasks, *task), described(text.as_ref()));
            quote!(builder.task_at(#index, #text);)
        }
        Node::Block { mode, text, nodes: inner } => {
            let (inner, text) = (nodes(process, inner), described(text.as_ref()));
            let block = match mode {
                Mode::Sequential => quote!(sequential_with),
                Mode::Concurrent => quote!(concurrent_with),
            };
            quote!(builder.#block(#text, |builder| { #inner });)
        }
        Node::EachIn { item, list, text, nodes: inner } => {
            let (inner, text) = (nodes(process, inner), described(text.as_ref()));
            let (item, list) = (item.unraw().to_string(), list.unraw().to_string());
            quote!(builder.each_element(#list, #item, #text, |builder| { #inner });)
        }
        Node::Source { source, text, nodes: inner } => {
            let (inner, text) = (nodes(process, inner), described(text.as_ref()));
            let index = super::index(&process.sources, *source);
            quote!(builder.source_at(#index, #text, |builder| { #inner });)
        }
        Node::Sub { process, text, in_item } => {
            let text = described(text.as_ref());
            let (import, process) = needs::imported(process, *in_item);
            let embed = quote_spanned!(process.span()=> sub_process_with::<#process>);
            let call = quote!(builder.#embed(#text););
            if import.is_empty() { call } else { quote!({ #import #call }) }
        }
        Node::Choice { option, default, then, otherwise } => {
            let option = option.unraw().to_string();
            let then = nodes(process, then);
            let otherwise = (!otherwise.is_empty()).then(|| {
                let otherwise = nodes(process, otherwise);
                quote!(else { #otherwise })
            });
            quote!(if builder.option_or(#option, #default) { #then } #otherwise)
        }
    }
}

fn described(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(__tt::Some(#text)),
        None => quote!(__tt::None),
    }
}
