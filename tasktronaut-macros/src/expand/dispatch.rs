//! The functions between a stored job and a method, and the tables that list them.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;

use super::{adapter, argument_struct};
use crate::model::{Callable, CallableKind, Hook, Input, Process};
use crate::parse::graph::SourceKind;
use crate::words::Shape;

pub(super) fn expand(process: &Process) -> TokenStream {
    let self_type = &process.item.self_type;
    let task_adapters = process.tasks.iter().map(|task| task_adapter(task, self_type));
    let source_adapters = process.sources.iter().map(|source| source_adapter(source, self_type));
    let hook_adapters = process.hooks.iter().map(|hook| hook_adapter(hook, self_type));
    let tasks = process.tasks.iter().map(task_entry);
    let sources = process.sources.iter().map(source_entry);
    let hooks = process.hooks.iter().map(|Hook { name, conditions, .. }| {
        let function = adapter(&name.to_string());
        quote!(#(#conditions)* let hooks = hooks.#name(#function);)
    });
    let sources_table = (!process.sources.is_empty())
        .then(|| quote!(const __SOURCES: &[__tt::Source<#self_type>] = &[#(#sources),*];));
    let hooks_table = (!process.hooks.is_empty()).then(|| {
        quote! {
            const __HOOKS: __tt::Hooks<#self_type> = {
                let hooks = __tt::Hooks::new();
                #(#hooks)*
                hooks
            };
        }
    });
    quote! {
        #(#task_adapters)*
        #(#source_adapters)*
        #(#hook_adapters)*
        const __TASKS: &[__tt::Task<#self_type>] = &[#(#tasks),*];
        #sources_table
        #hooks_table
    }
}

/// The first and the last word of the result that a method declares, or its name.
fn result_spans(output: Option<&Type>, name: &Ident) -> (Span, Span) {
    let words: Vec<TokenTree> = output.into_iter().flat_map(ToTokens::to_token_stream).collect();
    match (words.first(), words.last()) {
        (Some(first), Some(last)) => (first.span(), last.span()),
        _ => (name.span(), name.span()),
    }
}

/// `function(inputs)`, standing where a method declares its result: what is wrong with the result is told there.
fn call(function: TokenStream, inputs: TokenStream, (first, last): (Span, Span)) -> TokenStream {
    let function = super::at(function, first);
    let mut parentheses = Group::new(Delimiter::Parenthesis, inputs);
    parentheses.set_span(last);
    quote!(#function #parentheses)
}

/// ```text
/// fn __resize(call: &Call<Album>) -> TaskResult {
///     let arguments: __ResizeArgs = decode(call)?;
///     outcome!(TaskOutcome::of_task(<Album>::resize(definition(call), context(call), arguments.path)))
/// }
/// ```
fn task_adapter(task: &Callable, self_type: &Type) -> TokenStream {
    let Callable { name, conditions, .. } = task;
    let function = adapter(&task.wire);
    let call_reference = if task.is_async { quote!(&call) } else { quote!(call) };
    let mut inputs = Vec::new();
    if task.takes_self {
        inputs.push(quote!(__tt::definition(#call_reference)));
    }
    inputs.extend(task.inputs.iter().map(|input| match input {
        Input::Context => quote!(__tt::context(#call_reference)),
        Input::Argument(parameter) => {
            let name = &parameter.name;
            quote!(arguments.#name)
        }
    }));
    let decode = argument_struct(task)
        .map(|arguments| quote!(let arguments: #arguments = __tt::decode(#call_reference)?;));
    let spans = result_spans(task.output.as_ref(), name);
    let waiting = task.is_async.then(|| quote_spanned!(spans.1=> .await));
    let value = call(quote!(<#self_type>::#name), quote!(#(#inputs),*), spans);
    let result = call(quote!(__tt::TaskOutcome::of_task), quote!(#value #waiting), spans);
    if task.is_async {
        let pinned = quote_spanned!(name.span()=> __tt::Box::pin);
        let mut body = Group::new(
            Delimiter::Parenthesis,
            quote!(async move {
                #decode
                __tt::outcome!(#result)
            }),
        );
        body.set_span(name.span());
        quote! {
            #(#conditions)*
            fn #function(call: __tt::Call<#self_type>) -> __tt::TaskFuture { #pinned #body }
        }
    } else {
        quote! {
            #(#conditions)*
            fn #function(call: &__tt::Call<#self_type>) -> __tt::TaskResult {
                #decode
                __tt::outcome!(#result)
            }
        }
    }
}

fn task_entry(task: &Callable) -> TokenStream {
    let Callable { wire, conditions, options, .. } = task;
    let function = adapter(wire);
    let kind = if task.is_async { quote!(asynchronous) } else { quote!(plain) };
    let arguments = match argument_struct(task) {
        Some(name) => quote!(.arguments::<#name>()),
        None => quote!(.arguments::<()>()),
    };
    let description = options.description.as_ref().map(|text| quote!(.description(#text)));
    let policy = super::implementation::policy_calls(options);
    let queue = options.queue.as_ref().map(|queue| quote!(.queue(#queue)));
    let context = task.takes_context().then(|| quote!(.with_context()));
    quote!(#(#conditions)* __tt::Task::#kind(#wire, #function) #arguments #description #policy #queue #context)
}

/// ```text
/// fn __photos(this: &Album, arguments: &ArgumentsRef<'_>, items: &mut ItemSink<'_>) -> Result<(), SourceError> {
///     let arguments: __PhotosArgs = ArgumentSet::decode(arguments)?;
///     put_items(items, <Album>::photos(this, arguments.album))
/// }
/// ```
fn source_adapter(source: &Callable, self_type: &Type) -> TokenStream {
    let Callable { name, conditions, kind, .. } = source;
    let function = adapter(&source.wire);
    let mut inputs = Vec::new();
    if source.takes_self {
        inputs.push(quote!(this));
    }
    inputs.extend(source.parameters().map(|parameter| {
        let name = &parameter.name;
        quote!(arguments.#name)
    }));
    let decode = argument_struct(source)
        .map(|name| quote!(let arguments: #name = __tt::ArgumentSet::decode(arguments)?;));
    let spans = result_spans(source.output.as_ref(), name);
    let tried = quote_spanned!(spans.1=> ?);
    let mut value = call(quote!(<#self_type>::#name), quote!(#(#inputs),*), spans);
    if source.is_async {
        let driven = call(quote!(__tt::drive), value, (name.span(), name.span()));
        value = quote!(#driven #tried);
    }
    if returns_result(source) {
        let mapped = call(quote!(__tt::Result::map_err), quote!(#value, __tt::SourceError::new), spans);
        value = quote!(#mapped #tried);
    }
    let put = match kind {
        CallableKind::Source(SourceKind::Transform) => quote!(__tt::put_item),
        _ => quote!(__tt::put_items),
    };
    let put = call(put, quote!(items, #value), spans);
    quote! {
        #(#conditions)*
        fn #function(
            this: &#self_type,
            arguments: &__tt::ArgumentsRef<'_>,
            items: &mut __tt::ItemSink<'_>,
        ) -> __tt::Result<(), __tt::SourceError> {
            #decode
            #put
        }
    }
}

/// The items come in a `Result`, as far as it is spelled so.
pub(super) fn returns_result(source: &Callable) -> bool {
    match &source.output {
        Some(Type::Path(path)) => {
            path.path.segments.last().is_some_and(|last| last.ident.to_string().ends_with("Result"))
        }
        _ => false,
    }
}

fn source_entry(source: &Callable) -> TokenStream {
    let Callable { wire, conditions, options, kind, .. } = source;
    let function = adapter(wire);
    let kind = match kind {
        CallableKind::Source(SourceKind::Transform) => quote!(transform),
        _ => quote!(each),
    };
    let arguments = argument_struct(source).map(|name| quote!(.arguments::<#name>()));
    let extend = options.extend.then(|| quote!(.extend()));
    let description = options.description.as_ref().map(|text| quote!(.description(#text)));
    quote!(#(#conditions)* __tt::Source::#kind(#wire, #function) #arguments #extend #description)
}

/// ```text
/// fn __on_completed<'a>(this: &'a Album, a0: &'a str) -> HookFuture<'a> {
///     Box::pin(async move { hook_outcome!(HookOutcome::of_hook(<Album>::on_completed(this, a0).await)) })
/// }
/// ```
fn hook_adapter(hook: &Hook, self_type: &Type) -> TokenStream {
    let Hook { name, conditions, word, is_async, .. } = hook;
    let function = adapter(&name.to_string());
    let mut parameters = Vec::new();
    let mut inputs = vec![quote!(this)];
    for (index, shape) in word.shape.iter().enumerate() {
        let input = format_ident!("a{index}");
        let kind = match shape {
            Shape::Reference("str") => quote!(&'a str),
            Shape::Reference(other) => {
                let other = Ident::new(other, Span::call_site());
                quote!(&'a __tt::#other)
            }
            Shape::Value(other) => {
                let other = Ident::new(other, Span::call_site());
                quote!(__tt::#other<'a>)
            }
        };
        parameters.push(quote!(#input: #kind));
        inputs.push(quote!(#input));
    }
    let spans = result_spans(hook.output.as_ref(), name);
    let waiting = is_async.then(|| quote_spanned!(spans.1=> .await));
    let value = call(quote!(<#self_type>::#name), quote!(#(#inputs),*), spans);
    let check =
        if word.around { quote!(__tt::TaskOutcome::of_task) } else { quote!(__tt::HookOutcome::of_hook) };
    let result = call(check, quote!(#value #waiting), spans);
    let (future, outcome) = if word.around {
        (quote!(AroundFuture), quote!(outcome))
    } else {
        (quote!(HookFuture), quote!(hook_outcome))
    };
    let pinned = quote_spanned!(name.span()=> __tt::Box::pin);
    let mut body = Group::new(Delimiter::Parenthesis, quote!(async move { __tt::#outcome!(#result) }));
    body.set_span(name.span());
    quote! {
        #(#conditions)*
        fn #function<'a>(this: &'a #self_type, #(#parameters),*) -> __tt::#future<'a> { #pinned #body }
    }
}

/// A number as it stands in a call.
pub(super) fn number(value: u64) -> TokenTree {
    Literal::u64_unsuffixed(value).into()
}
