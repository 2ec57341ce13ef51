//! One struct for the arguments of each task and source, and how it is read and written.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Attribute;

use super::{argument_struct, start};
use crate::model::{Default, Definition, Parameter, Process};

pub(super) fn expand(process: &Process) -> TokenStream {
    let mut output = TokenStream::new();
    let mut types = Types::default();
    if let Definition::Declared { parameters, .. } = &process.definition {
        let name = start::arguments_name(process);
        let parameters: Vec<&Parameter> = parameters.iter().collect();
        output.extend(argument_set(process, &name, &parameters, &[], &mut types));
        output.extend(quote!(__tt::stored!(#name);));
    }
    for callable in process.tasks.iter().chain(&process.sources) {
        let Some(name) = argument_struct(callable) else { continue };
        let parameters: Vec<&Parameter> = callable.parameters().collect();
        let conditions = &callable.conditions;
        let fields = parameters.iter().map(|Parameter { name, kind, .. }| quote!(#name: #kind));
        let set = argument_set(process, &name, &parameters, conditions, &mut types);
        // expands to:
        //     struct __ResizeArgs { path: PathBuf }
        //     impl ArgumentSet for __ResizeArgs { .. }
        //     stored!(__ResizeArgs);
        output.extend(quote! {
            #(#conditions)*
            struct #name { #(#fields),* }
            #set
            #(#conditions)*
            __tt::stored!(#name);
        });
    }
    output
}

/// The first words of each type: what is wrong with a type is told there, and only there.
#[derive(Default)]
struct Types {
    seen: Vec<(String, TokenStream)>,
}

impl Types {
    fn first(&mut self, parameter: &Parameter) -> TokenStream {
        if let Some((_, kind)) = self.seen.iter().find(|(text, _)| *text == parameter.text) {
            return kind.clone();
        }
        self.seen.push((parameter.text.clone(), parameter.kind.clone()));
        parameter.kind.clone()
    }
}

fn argument_set(
    process: &Process,
    name: &Ident,
    parameters: &[&Parameter],
    conditions: &[Attribute],
    types: &mut Types,
) -> TokenStream {
    let mut slots = Vec::new();
    let mut table = Vec::new();
    let mut reads = Vec::new();
    let mut writes = Vec::new();
    for parameter in parameters {
        let Parameter { name, wire, text, .. } = parameter;
        let kind = types.first(parameter);
        let slot = slot(parameter);
        slots.push(quote!(const #slot: __tt::Slot<#kind> = __tt::argument::<#kind>(#wire, #text);));
        let argument = quote!(Self::#slot);
        let default = match &parameter.default {
            Default::Required => None,
            _ => start::default_value(parameter, process),
        };
        match default {
            Some(value) => {
                table.push(quote!(#argument.parameter().with_default()));
                reads.push(quote!(#name: #argument.read_or(arguments, || #value)?));
            }
            None => {
                table.push(quote!(#argument.parameter()));
                reads.push(quote!(#name: #argument.read(arguments)?));
            }
        }
        writes.push(quote!(#argument.write(encoder, &self.#name);));
    }
    // expands to:
    //     impl __ResizeArgs { const __path: Slot<PathBuf> = argument::<PathBuf>("path", "PathBuf"); }
    //     impl ArgumentSet for __ResizeArgs { .. }
    quote! {
        #(#conditions)*
        impl #name { #(#slots)* }
        #(#conditions)*
        impl __tt::ArgumentSet for #name {
            const PARAMETERS: &'static [__tt::Parameter] = &[#(#table),*];
            fn decode(arguments: &__tt::ArgumentsRef<'_>) -> __tt::Result<Self, __tt::ArgumentError> {
                __tt::Ok(Self { #(#reads),* })
            }
            fn encode(&self, encoder: &mut __tt::Encoder<'_>) { #(#writes)* }
        }
    }
}

/// The constant that knows how an argument is checked, read and written.
pub(super) fn slot(parameter: &Parameter) -> Ident {
    format_ident!("__{}", parameter.wire)
}
