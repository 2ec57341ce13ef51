//! `impl ProcessDefinition for Album`.

use proc_macro2::TokenStream;
use quote::quote;

use super::dispatch::number;
use super::{arguments, define, start};
use crate::message;
use crate::model::{Default, Definition, Parameter, Process};
use crate::parse::attribute::Options;
use crate::parse::graph::Mode;

pub(super) fn expand(process: &Process) -> TokenStream {
    let self_type = &process.item.self_type;
    let name = name(process);
    let options = &process.options;
    let (arguments, mode, graph) = match &process.definition {
        Definition::Declared { parameters, graph } => {
            let name = start::arguments_name(process);
            let mode = mode(graph.mode);
            let outline = graph.text.as_ref().map(|text| quote!(builder.outline(#text);));
            let steps = with_defaults(process, parameters, define::nodes(process, &graph.nodes));
            (quote!(#name), Some(mode), quote!(#outline #steps __tt::Ok(())))
        }
        Definition::Written { callable: true, .. } => (
            quote!(__tt::Arguments),
            None,
            quote!(__tt::defined(<#self_type>::define_process(self, builder))),
        ),
        Definition::Written { .. } => (quote!(__tt::Arguments), None, quote!(__tt::Ok(()))),
    };
    let mode = mode.map(|mode| quote!(fn execution_mode(&self) -> __tt::ExecutionMode { #mode }));
    let description = options
        .description
        .as_ref()
        .map(|text| quote!(fn description(&self) -> __tt::Option<&'static str> { __tt::Some(#text) }));
    let policy = policy_calls(options);
    let policy = (!policy.is_empty())
        .then(|| quote!(fn policy(&self) -> __tt::Policy { __tt::Policy::new() #policy }));
    let queue = options
        .queue
        .as_ref()
        .map(|queue| quote!(fn queue(&self) -> __tt::Option<&'static str> { __tt::Some(#queue) }));
    let priority = options.priority.as_ref().map(|priority| quote!(fn priority(&self) -> i16 { #priority }));
    let sources = (!process.sources.is_empty()).then(|| {
        quote!(
            fn sources(&self) -> &'static [__tt::Source<Self>] {
                __SOURCES
            }
        )
    });
    let hooks = (!process.hooks.is_empty()).then(|| {
        quote!(
            fn hooks(&self) -> __tt::Hooks<Self> {
                __HOOKS
            }
        )
    });
    let unread = process.item.unread().map(message::unread);
    quote! {
        #[automatically_derived]
        impl __tt::ProcessDefinition for #self_type {
            type Arguments = #arguments;
            fn name(&self) -> &'static str { #name }
            #description
            #mode
            #policy
            #queue
            #priority
            fn tasks(&self) -> &'static [__tt::Task<Self>] { __TASKS }
            #sources
            #hooks
            fn instance() -> __tt::Option<Self> { __tt::instance!(#self_type) }
            fn define_process(&self, builder: &mut __tt::Builder<Self>) -> __tt::Result<(), __tt::BuildError> {
                #(#unread)*
                #graph
            }
        }
        __tt::register!(#self_type, #name);
    }
}

/// Where a process is embedded, arguments that have defaults may be absent.
fn with_defaults(process: &Process, parameters: &[Parameter], steps: TokenStream) -> TokenStream {
    let fills: Vec<TokenStream> = parameters
        .iter()
        .filter(|parameter| !matches!(parameter.default, Default::Required))
        .filter_map(|parameter| {
            let (arguments, slot) = (start::arguments_name(process), arguments::slot(parameter));
            let value = start::default_value(parameter, process)?;
            Some(quote!(#arguments::#slot.fill(arguments, || #value);))
        })
        .collect();
    if fills.is_empty() {
        return steps;
    }
    quote!(__tt::with_defaults(builder, |arguments| { #(#fills)* }, |builder| { #steps });)
}

/// The name under which stores know the process.
fn name(process: &Process) -> TokenStream {
    if let Some(name) = &process.options.name {
        return quote!(#name);
    }
    let name = format!("::{}", process.name);
    quote!(::core::concat!(::core::module_path!(), #name))
}

fn mode(mode: Mode) -> TokenStream {
    match mode {
        Mode::Sequential => quote!(__tt::ExecutionMode::Sequential),
        Mode::Concurrent => quote!(__tt::ExecutionMode::Concurrent),
    }
}

/// `.retries(3).backoff_ms(200).timeout_ms(30_000).finish_siblings()`, as far as it is given.
pub(super) fn policy_calls(options: &Options) -> TokenStream {
    let retries = options.retries.as_ref().map(|retries| quote!(.retries(#retries)));
    let backoff = options.backoff.map(number).map(|time| quote!(.backoff_ms(#time)));
    let timeout = options.timeout.map(number).map(|time| quote!(.timeout_ms(#time)));
    let finish = options.finish_siblings.then(|| quote!(.finish_siblings()));
    quote!(#retries #backoff #timeout #finish)
}
