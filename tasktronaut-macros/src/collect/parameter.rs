//! One parameter: an owned argument with a name, or the context.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Meta, Pat, PatType, Type, TypeReference};

use crate::model::{CallableKind, Default, Input, Parameter};
use crate::parse::item::{Item, Method};
use crate::report::Report;
use crate::self_type;
use crate::suggest::nearest;
use crate::text;

/// A parameter of a task or a source.
pub(super) fn read(item: &Item, typed: &PatType, kind: CallableKind, report: &mut Report) -> Option<Input> {
    if is_conditional(typed, report) {
        return None;
    }
    if is_named(&typed.ty, "Context") {
        if kind == CallableKind::Task {
            return Some(Input::Context);
        }
        let help = "leave it out: sources run while a process is built, before any task";
        report.error(typed, "a source takes no context", help);
        return None;
    }
    owned(item, typed, report).map(Input::Argument)
}

/// The parameters of `define_process`.
pub(crate) fn declared(item: &Item, method: &Method, report: &mut Report) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for typed in method.parameters() {
        if is_conditional(typed, report) {
            continue;
        }
        foreign(typed, report);
        let Some(parameter) = owned(item, typed, report) else { continue };
        if parameters.iter().any(|other| other.wire == parameter.wire) {
            let fact = format!("a second argument called `{}`", parameter.wire);
            report.error(&parameter.name, fact, "rename one of them");
            continue;
        }
        parameters.push(parameter);
    }
    parameters
}

/// Attributes that mean nothing here. Those of a task's parameters the compiler looks at itself.
fn foreign(typed: &PatType, report: &mut Report) {
    const KNOWN: [&str; 7] = ["default", "doc", "allow", "expect", "warn", "deny", "forbid"];
    let is_known = |attribute: &&Attribute| KNOWN.iter().any(|known| attribute.path().is_ident(known));
    for attribute in typed.attrs.iter().filter(|attribute| !is_known(attribute)) {
        let name = text::of(attribute.path());
        let help =
            "write `#[default]` or `#[default(value)]` where it may be left out, or leave the attribute out";
        report.error(attribute, format!("an argument has no attribute `{name}`"), help);
    }
}

/// What is sent by one program is read by another, which may be compiled under other conditions.
fn is_conditional(typed: &PatType, report: &mut Report) -> bool {
    let condition = typed.attrs.iter().find(|attribute| attribute.path().is_ident("cfg"));
    if let Some(condition) = condition {
        let name = text::of(&typed.pat);
        let kind = text::of(&typed.ty);
        let help = format!("leave `{}` out, or take `{name}: Option<{kind}>`", text::of(condition));
        report.error(condition, "an argument cannot be conditional", help);
    }
    condition.is_some()
}

/// `&..Name`
pub(super) fn is_named(kind: &Type, name: &str) -> bool {
    match kind {
        Type::Reference(TypeReference { mutability: None, elem, .. }) => ends_with(elem, name),
        Type::Group(group) => is_named(&group.elem, name),
        _ => false,
    }
}

/// `..::Name` or `..::Name<..>`
pub(super) fn ends_with(kind: &Type, name: &str) -> bool {
    match kind {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == name),
        Type::Group(group) => ends_with(&group.elem, name),
        _ => false,
    }
}

fn owned(item: &Item, typed: &PatType, report: &mut Report) -> Option<Parameter> {
    let Pat::Ident(pattern) = &*typed.pat else {
        let help = format!("write `name: {}`, and take it apart in the body", text::of(&typed.ty));
        report.error(&typed.pat, "an argument is a name: it is found by it", help);
        return None;
    };
    if pattern.by_ref.is_some() || pattern.subpat.is_some() {
        let help = format!("write `{}: {}`", pattern.ident, text::of(&typed.ty));
        report.error(&typed.pat, "an argument is a name: it is found by it", help);
        return None;
    }
    let name = &pattern.ident;
    if is_the_definition(&typed.ty, &item.self_type) {
        let fact = "a task knows its process as `self`";
        report.error(typed, fact, format!("write `&self`, and `self` for `{name}`"));
        return None;
    }
    if is_named(&typed.ty, "Context") {
        let fact = "the graph is drawn before anything runs: it has no context";
        report.error(typed, fact, "leave it out; a task may take one");
        return None;
    }
    if let Some((fact, better)) = not_owned(&typed.ty) {
        let help = match better {
            Some(better) => format!("write `{name}: {better}`"),
            None => "name a type that owns what is in it, such as `String` or `Vec<u8>`".to_owned(),
        };
        report.error(&typed.ty, fact, help);
        return None;
    }
    let default = default(&typed.attrs, name, report)?;
    Some(Parameter {
        name: name.clone(),
        wire: name.unraw().to_string(),
        kind: self_type::replace(typed.ty.to_token_stream(), &item.self_type),
        text: text::of(&typed.ty),
        default,
        docs: typed.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect(),
        optional: optional(&typed.ty)
            .map(|inner| self_type::replace(inner.to_token_stream(), &item.self_type)),
    })
}

/// `#[default]` and `#[default(value)]`.
fn default(attributes: &[Attribute], name: &proc_macro2::Ident, report: &mut Report) -> Option<Default> {
    let mut default = Default::Required;
    for attribute in attributes {
        if !attribute.path().is_ident("default") {
            continue;
        }
        default = match &attribute.meta {
            Meta::Path(_) => Default::OfType,
            Meta::List(list) if !list.tokens.is_empty() => Default::Value(list.tokens.clone()),
            _ => {
                let help =
                    format!("write `#[default(value)] {name}`, or `#[default] {name}` for that of the type");
                report.error(attribute, "a default stands in parentheses", help);
                return None;
            }
        };
    }
    Some(default)
}

/// The `T` of an `Option<T>`, as far as it is spelled so.
fn optional(kind: &Type) -> Option<&Type> {
    let Type::Path(path) = kind else { return None };
    let last = path.path.segments.last()?;
    if last.ident != "Option" {
        return None;
    }
    let syn::PathArguments::AngleBracketed(inner) = &last.arguments else { return None };
    match inner.args.first()? {
        syn::GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// `&Album` or `&Self`
fn is_the_definition(kind: &Type, self_type: &Type) -> bool {
    let Type::Reference(TypeReference { elem, .. }) = kind else { return false };
    let named = text::of(elem);
    named == "Self" || named == text::of(self_type)
}

/// What is wrong with a type that cannot be stored and read back, and what to write instead.
fn not_owned(kind: &Type) -> Option<(&'static str, Option<String>)> {
    const BORROWED: &str = "an argument is stored and read back, so it cannot be a reference";
    match kind {
        Type::Group(group) => not_owned(&group.elem),
        Type::Reference(reference) if ends_with(&reference.elem, "Context") => {
            Some(("the context is shared", Some("&Context".to_owned())))
        }
        Type::Reference(TypeReference { elem, .. }) if is_context_misspelt(elem) => {
            Some((BORROWED, Some("&Context".to_owned())))
        }
        Type::Reference(reference) => Some((BORROWED, Some(owned_form(&reference.elem)))),
        Type::ImplTrait(_) => Some(("an argument has one type, which is stored and read back", None)),
        Type::Infer(_) => Some(("the type of an argument has to be written", None)),
        Type::Path(path) if path.qself.is_none() && path.path.is_ident("Context") => {
            Some(("the context is shared", Some("&Context".to_owned())))
        }
        _ if borrows(kind.to_token_stream()) => {
            Some(("an argument is stored and read back, so it cannot hold a reference", None))
        }
        _ => None,
    }
}

fn is_context_misspelt(kind: &Type) -> bool {
    let Type::Path(path) = kind else { return false };
    let last = path.path.segments.last().map(|last| last.ident.to_string());
    last.is_some_and(|last| last == "Ctx" || nearest(&last, ["Context"]).is_some())
}

/// What owns the same as a reference to this.
fn owned_form(borrowed: &Type) -> String {
    match borrowed {
        Type::Slice(slice) => format!("Vec<{}>", text::of(&slice.elem)),
        Type::Reference(inner) => owned_form(&inner.elem),
        other => match text::of(other).as_str() {
            "str" => "String".to_owned(),
            "Path" | "std::path::Path" => "PathBuf".to_owned(),
            "OsStr" => "OsString".to_owned(),
            written => written.to_owned(),
        },
    }
}

/// There is a `&` or a lifetime in it. `'static` is left to serde: a `Cow<'static, str>` can be read back.
fn borrows(kind: TokenStream) -> bool {
    let mut quote = false;
    for tree in kind {
        match tree {
            TokenTree::Group(group) if borrows(group.stream()) => return true,
            TokenTree::Punct(punct) if punct.as_char() == '&' => return true,
            TokenTree::Punct(punct) if punct.as_char() == '\'' => quote = true,
            TokenTree::Ident(word) if quote => {
                quote = false;
                if word != "static" {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// The words of a list of parameters, for a help.
pub(crate) fn signature(parameters: &[Parameter], added: &str) -> String {
    let mut all: Vec<String> =
        parameters.iter().map(|parameter| format!("{}: {}", parameter.name, parameter.text)).collect();
    all.push(added.to_owned());
    if all.len() > 4 {
        format!("fn define_process(.., {added})")
    } else {
        format!("fn define_process({})", all.join(", "))
    }
}
