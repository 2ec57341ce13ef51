//! A method with `#[task]`, `#[each]` or `#[transform]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{
    Attribute, FnArg, GenericParam, Meta, Receiver, ReceiverKind, ReturnType, Safety, Type, TypeParamBound,
};

use super::{conditions, parameter};
use crate::model::{Callable, CallableKind, Input, Parameter};
use crate::parse::attribute::{self, Options};
use crate::parse::item::{Item, Method, Role};
use crate::report::Report;
use crate::text;
use crate::words;

/// The options in the attribute.
pub(super) fn options(role: Role, attribute: &Attribute, report: &mut Report) -> Options {
    let words = if role == Role::Task { words::TASK } else { words::SOURCE };
    match &attribute.meta {
        Meta::Path(_) => Options::default(),
        Meta::List(list) => attribute::options(role.word(), words, list.tokens.clone(), report),
        Meta::NameValue(pair) => {
            let value = text::of(&pair.value);
            let help = format!("write `#[{}(description = {value})]`", role.word());
            report.error(&pair.value, format!("`#[{}]` takes its options in parentheses", role.word()), help);
            Options::default()
        }
    }
}

/// The method, unless something in its signature is wrong.
pub(super) fn read(
    item: &Item,
    method: &Method,
    kind: CallableKind,
    options: Options,
    report: &mut Report,
) -> Option<Callable> {
    let what = match kind {
        CallableKind::Task => "a task",
        CallableKind::Source(_) => "a source",
    };
    let signature = &method.signature;
    let mut right = qualifiers(method, what, report);
    let mut inputs = Vec::new();
    let mut takes_self = false;
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                takes_self = true;
                right &= is_shared(receiver, what, report);
            }
            FnArg::Typed(typed) => match parameter::read(item, typed, kind, report) {
                // The compiler itself tells of a second parameter of the same name.
                Some(Input::Argument(parameter)) if is_known(&inputs, &parameter) => right = false,
                Some(input) => inputs.push(input),
                None => right = false,
            },
        }
    }
    if let ReturnType::Type(_, output) = &signature.output
        && matches!(**output, Type::Never(_))
    {
        right = false;
        report.error(output, format!("{what} ends"), "leave `-> !` out");
    }
    if let ReturnType::Type(_, output) = &signature.output
        && is_future(output)
    {
        right = false;
        let fact = format!("{what} that waits is `async`");
        report.error(
            output,
            fact,
            format!("write `async fn {}`, and what the future results in", signature.ident),
        );
    }
    let output = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, output) => Some((**output).clone()),
    };
    right.then(|| Callable {
        kind,
        name: signature.ident.clone(),
        wire: signature.ident.unraw().to_string(),
        options,
        is_async: signature.asyncness.is_some(),
        takes_self,
        inputs,
        output,
        conditions: conditions(&method.attributes),
    })
}

/// `impl Future<..>`
fn is_future(output: &Type) -> bool {
    let Type::ImplTrait(bounds) = output else { return false };
    bounds.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Future"),
        _ => false,
    })
}

fn is_known(inputs: &[Input], parameter: &Parameter) -> bool {
    inputs.iter().any(|input| matches!(input, Input::Argument(known) if known.wire == parameter.wire))
}

/// Tasks are plain or async functions and nothing beyond.
pub(super) fn qualifiers(method: &Method, what: &str, report: &mut Report) -> bool {
    let signature = &method.signature;
    let mut wrong: Vec<(TokenStream, String, String)> = Vec::new();
    let mut qualifier = |place: TokenStream, word: &str| {
        wrong.push((place, format!("{what} cannot be `{word}`"), format!("leave `{word}` out")));
    };
    if let Some(word) = &signature.constness {
        qualifier(quote!(#word), "const");
    }
    match &signature.safety {
        Safety::Unsafe(word) => qualifier(quote!(#word), "unsafe"),
        Safety::Safe(word) => qualifier(quote!(#word), "safe"),
        Safety::Default => {}
    }
    if let Some(abi) = &signature.abi {
        qualifier(quote!(#abi), &text::of(abi));
    }
    if let Some(variadic) = &signature.variadic {
        let fact = format!("{what} takes a fixed number of arguments");
        wrong.push((quote!(#variadic), fact, "take a list: `values: Vec<String>`".to_owned()));
    }
    // Lifetimes may be named: that an argument has none is told elsewhere.
    if signature.generics.params.iter().any(|parameter| !matches!(parameter, GenericParam::Lifetime(_))) {
        let generics = &signature.generics;
        let fact = format!("{what} has no generic parameters: its arguments are stored and read back");
        wrong.push((quote!(#generics), fact, "name the types, such as `String`".to_owned()));
    }
    for (place, fact, help) in &wrong {
        report.error(place, fact, help);
    }
    wrong.is_empty()
}

/// `&self` or `self: &Self`
pub(crate) fn borrows_self(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => true,
        ReceiverKind::Typed(_, kind) => text::of(kind) == "&Self",
        _ => false,
    }
}

fn is_shared(receiver: &Receiver, what: &str, report: &mut Report) -> bool {
    let shared = borrows_self(receiver);
    if !shared {
        let fact = format!("{what} takes `&self`, or no `self` at all: many run at the same time");
        report.error(receiver, fact, "write `&self`");
    }
    shared
}
