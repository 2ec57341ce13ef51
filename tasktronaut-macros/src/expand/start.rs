//! What the user sees: `AlbumArgs`, and `Album::process`, which starts a process.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Attribute;

use super::visible_lints;
use crate::model::{Default, Definition, Parameter, Process};
use crate::parse::item::Member;
use crate::self_type;

/// The name of the arguments' struct.
pub(super) fn arguments_name(process: &Process) -> Ident {
    format_ident!("{}Args", process.name)
}

pub(super) fn expand(process: &Process) -> TokenStream {
    let Process { runtime, name, conditions, item, .. } = process;
    let self_type = &item.self_type;
    let lints = visible_lints();
    let arguments_name = arguments_name(process);
    let about = format!(" Starts to build a process of the kind [`{name}`].");
    let builder = quote!(#runtime::ProcessBuilder<Self>);
    let (function, arguments) = match &process.definition {
        Definition::Written { .. } => {
            let arguments = quote!(#runtime::Arguments);
            (
                quote!(process(arguments: #arguments) -> #builder { #runtime::ProcessBuilder::new(arguments) }),
                None,
            )
        }
        Definition::Declared { parameters, .. } => {
            let new = quote!(#runtime::ProcessBuilder::new);
            let function = if parameters.is_empty() {
                quote!(process() -> #builder { #new(#arguments_name {}) })
            } else {
                quote!(process(arguments: #arguments_name) -> #builder { #new(arguments) })
            };
            (function, Some(arguments_struct(process, parameters)))
        }
    };
    // A method that has the name was told.
    let is_taken = |member: &Member| matches!(member, Member::Method(it) if it.signature.ident == "process");
    let function = (!item.members.iter().any(is_taken)).then(|| {
        quote! {
            #[doc = #about]
            #[must_use]
            pub fn #function
        }
    });
    quote! {
        #(#conditions)*
        #lints
        impl #self_type { #function }
        #arguments
    }
}

/// `pub struct AlbumArgs { .. }`
fn arguments_struct(process: &Process, parameters: &[Parameter]) -> TokenStream {
    let conditions = &process.conditions;
    let lints = visible_lints();
    let name = arguments_name(process);
    let about = format!(" The arguments that start a process of the kind [`{}`].", process.name);
    let new = " The arguments that cannot be left out; the others have their defaults.";
    let fields = parameters.iter().map(|Parameter { name, kind, docs, wire, .. }| {
        let about: Vec<TokenStream> = match docs.as_slice() {
            [] => {
                let text = format!(" The argument `{wire}`.");
                vec![quote!(#[doc = #text])]
            }
            docs => docs.iter().map(|doc: &Attribute| quote!(#doc)).collect(),
        };
        quote!(#(#about)* pub #name: #kind)
    });
    let required = parameters.iter().filter(|parameter| !parameter.may_be_absent());
    let required: Vec<TokenStream> =
        required.map(|Parameter { name, kind, .. }| quote!(#name: #kind)).collect();
    let values = parameters.iter().map(|parameter| {
        let name = &parameter.name;
        match default_value(parameter, process) {
            Some(value) => quote!(#name: #value),
            None => quote!(#name),
        }
    });
    let default = required.is_empty().then(|| {
        quote! {
            #(#conditions)*
            #[automatically_derived]
            #lints
            impl ::core::default::Default for #name {
                fn default() -> Self { Self::new() }
            }
        }
    });
    quote! {
        #(#conditions)*
        #lints
        #[doc = #about]
        pub struct #name { #(#fields),* }
        #(#conditions)*
        #lints
        impl #name {
            #[doc = #new]
            #[must_use]
            pub fn new(#(#required),*) -> Self { Self { #(#values),* } }
        }
        #default
    }
}

/// What stands for a parameter that may be left out.
pub(super) fn default_value(parameter: &Parameter, process: &Process) -> Option<TokenStream> {
    let runtime = &process.runtime;
    let of_type = quote!(::core::default::Default::default());
    match &parameter.default {
        Default::Value(value) => {
            let value = self_type::replace(value.clone(), &process.item.self_type);
            let is_text = parameter.text == "String" && syn::parse2::<syn::LitStr>(value.clone()).is_ok();
            Some(if is_text { quote!(#runtime::__private::String::from(#value)) } else { value })
        }
        Default::OfType => Some(of_type),
        Default::Required => parameter.optional.is_some().then_some(of_type),
    }
}
