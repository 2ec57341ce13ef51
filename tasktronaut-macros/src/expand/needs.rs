//! Embedding where the arguments are fields of an item, and nobody but the embedded process knows which it needs.
//!
//! The embedded process leaves a macro beside its type, under the same name, so that whoever can name the type finds
//! the macro too. It tells the names of the arguments to [`resolved`], which asks the item for fields of these names
//! and goes on as [`subprocess::embedded`] does. Where there is no such macro (a definition written by hand, or in
//! another crate, or behind an alias) one of the runtime stands in, which asks for nothing: then all is checked when
//! the process is built.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{LitStr, Path, PathArguments, Type, TypePath};

use super::subprocess;
use crate::model::{Definition, Process};
use crate::parse::cursor::Cursor;

/// `macro_rules! CoverArt`: the names of the arguments that the process needs.
pub(super) fn names(process: &Process) -> TokenStream {
    let Definition::Declared { parameters, .. } = &process.definition else { return TokenStream::new() };
    let Process { runtime, name, conditions, .. } = process;
    let lints = super::visible_lints();
    let hidden = format_ident!("__needs_of_{}", name);
    let needed = parameters.iter().filter(|parameter| !parameter.may_be_absent()).map(|it| &it.name);
    quote! {
        #(#conditions)*
        #lints
        macro_rules! #hidden {
            ($($place:tt)*) => { #runtime::__private::embedded! { (#(#needed)*) $($place)* } };
        }
        #(#conditions)*
        #lints
        #[doc(hidden)]
        pub(crate) use #hidden as #name;
    }
}

/// Asks an embedded process for its names, where the fields of `value` are in scope.
pub(super) fn asked(process: &Type, scope: &[(String, TokenStream)], value: &Ident) -> TokenStream {
    let Some((path, _)) = path(process) else { return TokenStream::new() };
    let import = quote_spanned!(process.span()=> use #path as __Needs;);
    let known = scope.iter().map(|(wire, value)| quote!(#wire (#value)));
    // What is imported in an inner block goes before what is imported around it: so the macro of the process is looked
    // for first, and what stands in for it second. The call stands in a block of its own, which its struct makes one
    // that has names: as long as a macro is to be expanded in a block, nothing is sure about the names there.
    quote! {
        {
            use __tt::unknown::*;
            {
                #import
                {
                    struct __Apart;
                    __Needs! { (#process) (#(#known)*) #value }
                }
            }
        }
    }
}

/// An import of the type, and what it is called by it: where [`asked`] imports it too, a type that is not there is
/// told once.
pub(super) fn imported(process: &Type, in_item: bool) -> (TokenStream, TokenStream) {
    match path(process).filter(|_| in_item) {
        Some((path, arguments)) => {
            let span = process.span();
            (quote_spanned!(span=> use #path as __Sub;), quote_spanned!(span=> __Sub #arguments))
        }
        None => (TokenStream::new(), process.to_token_stream()),
    }
}

/// The type's path, and what stands in angle brackets at its end.
fn path(process: &Type) -> Option<(Path, PathArguments)> {
    let Type::Path(TypePath { qself: None, path, .. }) = process else { return None };
    let mut path = path.clone();
    let arguments = std::mem::take(&mut path.segments.last_mut()?.arguments);
    let plain = path.segments.iter().all(|segment| segment.arguments.is_none() && segment.ident != "Self");
    plain.then_some((path, arguments))
}

/// `embedded! { (album path) (CoverArt) ("photos" (value) ..) value1 }`
pub(crate) fn resolved(input: TokenStream) -> TokenStream {
    let mut input = Cursor::new(input);
    let mut next = || input.group(Delimiter::Parenthesis).map(|group| group.stream());
    let (Some(names), Some(process), Some(known)) = (next(), next(), next()) else {
        return TokenStream::new();
    };
    let (Ok(process), Some(value)) = (syn::parse2::<Type>(process), input.ident()) else {
        return TokenStream::new();
    };
    let mut scope = pairs(known);
    let span = process.span();
    let mut fields: Vec<Ident> = Vec::new();
    for name in names {
        let TokenTree::Ident(mut name) = name else { continue };
        let wire = name.unraw().to_string();
        if scope.iter().all(|(known, _)| *known != wire) {
            name.set_span(span);
            let item = quote!(item);
            scope.push((wire, quote_spanned!(span=> &(*__tt::given(#item)).#name)));
            fields.push(name);
        }
    }
    let embedded = subprocess::embedded(&process, &scope);
    quote! {
        {
            struct __Fields { #(#fields: __tt::Anything),* }
            let item = __tt::FieldsOf::<_, __Fields>::new(&#value);
            let item = item.fields();
            #embedded
        }
    }
}

fn pairs(known: TokenStream) -> Vec<(String, TokenStream)> {
    let mut known = Cursor::new(known);
    let mut pairs = Vec::new();
    while let (Some(wire), Some(value)) = (known.string(), known.group(Delimiter::Parenthesis)) {
        pairs.push((LitStr::value(&wire), Group::stream(&value)));
    }
    pairs
}
