//! What an embedded process needs, and what there is for it.
//!
//! Two processes know nothing of each other but what the compiler carries from one to the other: the embedded one has
//! a hidden function whose bounds ask the scope for each argument, by a number made from its name.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::camel_case;
use crate::model::{Definition, Parameter, Process};

/// The hidden function of a process that can be embedded.
pub(super) fn requirements(process: &Process) -> TokenStream {
    let Definition::Declared { parameters, .. } = &process.definition else { return TokenStream::new() };
    let self_type = &process.item.self_type;
    let mut traits = TokenStream::new();
    let mut bounds = Vec::new();
    for parameter in parameters.iter().filter(|parameter| !parameter.may_be_absent()) {
        let (declaration, bound) = requirement(&process.name.unraw().to_string(), parameter);
        traits.extend(declaration);
        bounds.push(bound);
    }
    let bounds = if bounds.is_empty() { quote!(S) } else { quote!(S: #(#bounds)+*) };
    quote! {
        #traits
        impl #self_type {
            #[doc(hidden)]
            pub fn __requires<#bounds>(_: S) {}
        }
    }
}

/// `NeedsAlbum<Type: AcceptsAlbum>`
fn requirement(process: &str, parameter: &Parameter) -> (TokenStream, TokenStream) {
    let Parameter { wire, text, kind, .. } = parameter;
    let camel = camel_case(wire);
    let span = kind.clone().into_iter().next().map_or(parameter.name.span(), |tree| tree.span());
    let needs = format_ident!("__{process}Needs{camel}", span = span);
    let accepts = format_ident!("__{process}Takes{camel}", span = span);
    let number = Literal::u128_unsuffixed(number(wire));
    let absent =
        format!("process `{process}` needs the argument `{wire}: {text}`, which is not in scope here");
    let absent_label = format!("`{wire}` is not in scope");
    let declare = format!("help: declare `{wire}: {text}` in `define_process`");
    let wrong = format!("process `{process}` takes `{wire}: {text}`, but here `{wire}` is a `{{Self}}`");
    let change = format!("help: make the argument a `{text}`");
    let wrong_label = format!("`{wire}` is a `{{Self}}` here");
    // `impl<>`: see `typecheck::accepts`.
    let declaration = quote_spanned! {span=>
        #[diagnostic::on_unimplemented(message = #absent, label = #absent_label, note = #declare)]
        pub trait #needs { type Type; }
        #[diagnostic::do_not_recommend]
        impl<S: __tt::InScope<#number>> #needs for S { type Type = <S as __tt::InScope<#number>>::Type; }
        #[diagnostic::on_unimplemented(message = #wrong, label = #wrong_label, note = #change)]
        pub trait #accepts<T> {}
        #[diagnostic::do_not_recommend]
        impl<> #accepts<#kind> for #kind {}
        #[diagnostic::do_not_recommend]
        impl<> #accepts<#kind> for __tt::Anything {}
    };
    (declaration, quote_spanned!(span=> #needs<Type: #accepts<#kind>>))
}

/// `<CoverArt>::__requires(scope(&arguments.album));`
pub(super) fn embedded(process: &Type, scope: &[(String, TokenStream)]) -> TokenStream {
    let span = process.span();
    let types: Vec<_> = (0..scope.len()).map(|index| format_ident!("T{index}", span = span)).collect();
    let impls = scope.iter().zip(&types).map(|((wire, _), kind)| {
        let number = Literal::u128_unsuffixed(number(wire));
        quote!(impl<#(#types),*> __tt::InScope<#number> for __Scope<#(#types),*> { type Type = #kind; })
    });
    let values = scope.iter().map(|(_, value)| value);
    let process = super::at(process.to_token_stream(), span);
    let scope = quote!(scope);
    let call = quote_spanned!(span=> <#process>::__requires(__tt::given(#scope)););
    let structure = quote_spanned! {span=>
        struct __Scope<#(#types),*>(::core::marker::PhantomData<(#(#types,)*)>);
    };
    quote! {
        {
            use __tt::RequiresNothing as _;
            #structure
            #(#impls)*
            fn __scope<#(#types),*>(#(_: &#types),*) -> __Scope<#(#types),*> { __tt::any() }
            let scope = __scope(#(#values),*);
            #call
        }
    }
}

/// FNV-1a.
fn number(name: &str) -> u128 {
    name.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}
