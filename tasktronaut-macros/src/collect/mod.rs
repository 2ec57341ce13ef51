//! The methods of the impl block become tasks, sources, hooks and the definition of the graph.

mod callable;
mod hook;
mod parameter;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Type};

use crate::model::{Callable, CallableKind, Hook};
use crate::parse::attribute::Options;
use crate::parse::graph::SourceKind;
use crate::parse::item::{Item, Member, Method, Role};
use crate::report::Report;
use crate::suggest::nearest;
use crate::words;

pub(crate) use callable::borrows_self;
pub(crate) use parameter::{declared, signature};

/// What the methods are.
#[derive(Default)]
pub(crate) struct Methods {
    pub(crate) tasks: Vec<Callable>,
    pub(crate) sources: Vec<Callable>,
    pub(crate) hooks: Vec<Hook>,
    /// Tasks and sources that are wrong: told already, so nothing more is said about steps that name them.
    pub(crate) wrong: Vec<String>,
    /// Methods that are neither.
    pub(crate) plain: Vec<String>,
    /// Which member is `define_process`.
    pub(crate) definition: Option<usize>,
}

/// The name of a type that `#[process]` can stand on.
pub(crate) fn type_name(item: &Item, report: &mut Report) -> Option<Ident> {
    if let Some((_, path, _)) = &item.for_trait {
        let help = "write `impl YourType { .. }`";
        report.error(path, "`#[process]` stands on an impl block of a type, not of a trait", help);
        return None;
    }
    if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
        let name = match &item.self_type {
            Type::Path(path) => {
                path.path.segments.last().map_or_else(String::new, |last| last.ident.to_string())
            }
            _ => "YourType".to_owned(),
        };
        let help = format!("write `impl {name} {{ .. }}`, and put what differs into a field or an argument");
        let clause = &item.generics.where_clause;
        let generics = &item.generics;
        report.error(&quote!(#generics #clause), "a process has no generic parameters", help);
        return None;
    }
    match &item.self_type {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().map(|last| last.ident.clone()),
        // The compiler itself tells that these have no impl blocks of their own.
        Type::Reference(_) | Type::Slice(_) | Type::Tuple(_) | Type::Array(_) | Type::Ptr(_) => None,
        other => {
            report.error(
                other,
                "`#[process]` stands on an impl block of a named type",
                "write `impl YourType { .. }`",
            );
            None
        }
    }
}

/// Looks at every method.
pub(crate) fn methods(item: &Item, report: &mut Report) -> Methods {
    let mut methods = Methods::default();
    for (index, member) in item.members.iter().enumerate() {
        let method = match member {
            Member::Method(method) => method,
            Member::Other(words) => {
                other(words, report);
                continue;
            }
            Member::Unread(words) => {
                methods.wrong.extend(names_in(words));
                continue;
            }
        };
        let name = method.signature.ident.unraw().to_string();
        let roles: Vec<(Role, &Attribute)> = method
            .attributes
            .iter()
            .filter_map(|attribute| Some((Role::of(attribute)?, attribute)))
            .collect();
        let conditional = |attribute: &&Attribute| Role::conditional(attribute).is_some();
        if let Some(attribute) = method.attributes.iter().find(conditional)
            && let Some(role) = Role::conditional(attribute)
        {
            let word = role.word();
            let fact = format!("`#[process]` cannot know whether this is `#[{word}]`");
            report.error(attribute, fact, format!("write `#[cfg(..)] #[{word}]`, or `#[{word}]` alone"));
            methods.wrong.push(name);
            continue;
        }
        match roles.as_slice() {
            [] if name == "define_process" => {
                if methods.definition.replace(index).is_some() {
                    let fact = "`define_process` stands here a second time";
                    report.error(&method.signature.ident, fact, "keep one of them");
                }
            }
            [] => unmarked(method, name, &mut methods, report),
            [(role, attribute), others @ ..] => {
                let unsure = others.iter().any(|(other, _)| other != role);
                if let Some((other, second)) = others.first() {
                    let fact = if role == other {
                        format!("`#[{}]` stands here twice", role.word())
                    } else {
                        format!("a method cannot be `#[{}]` and `#[{}]`", role.word(), other.word())
                    };
                    report.error(second, fact, "keep one of them");
                }
                if unsure {
                    methods.wrong.push(name);
                } else {
                    marked(item, method, *role, attribute, &name, &mut methods, report);
                }
            }
        }
    }
    methods
}

fn marked(
    item: &Item,
    method: &Method,
    role: Role,
    attribute: &Attribute,
    name: &str,
    methods: &mut Methods,
    report: &mut Report,
) {
    let kind = match role {
        Role::Task => CallableKind::Task,
        Role::Each => CallableKind::Source(SourceKind::Each),
        Role::Transform => CallableKind::Source(SourceKind::Transform),
    };
    let options = callable::options(role, attribute, report);
    let found = if is_free(method, role, name, methods, report) {
        callable::read(item, method, kind, options, report)
    } else {
        if words::hook(name).is_none() {
            callable::read(item, method, kind, options, report);
        }
        None
    };
    match found {
        Some(found) if kind == CallableKind::Task => methods.tasks.push(found),
        Some(found) => methods.sources.push(found),
        None => methods.wrong.push(name.to_owned()),
    }
}

/// No other task, source or hook has this name.
fn is_free(method: &Method, role: Role, name: &str, methods: &Methods, report: &mut Report) -> bool {
    let ident = &method.signature.ident;
    let word = role.word();
    if words::hook(name).is_some() || name == "define_process" {
        let what = if name == "define_process" { "the method that defines the graph" } else { "a hook" };
        let help = format!("rename it, or take `#[{word}]` away");
        report.error(ident, format!("`{name}` is the name of {what}"), help);
        return false;
    }
    if is_start(ident, name, report) {
        return false;
    }
    let all = || methods.tasks.iter().chain(&methods.sources);
    let conditional = !conditions(&method.attributes).is_empty();
    let clash = all().any(|other| other.wire == name && (!conditional || other.conditions.is_empty()));
    // The compiler itself tells that a second method has the same name.
    if !clash && (name.len() > 128 || !name.is_ascii()) {
        let fact = format!(
            "`{name}` cannot be sent: names have at most 128 letters, digits and `_`, all of them ASCII"
        );
        report.error(ident, fact, "rename the method");
        return false;
    }
    !clash
}

/// `Album::process` is generated.
fn is_start(ident: &Ident, name: &str, report: &mut Report) -> bool {
    if name == "process" {
        let fact = "`process` is the name of the function that starts a process";
        report.error(ident, fact, "rename the method");
    }
    name == "process"
}

/// A method without an attribute is a hook, or it is none of our business.
fn unmarked(method: &Method, name: String, methods: &mut Methods, report: &mut Report) {
    let ident = &method.signature.ident;
    if let Some(word) = words::hook(&name) {
        methods.hooks.extend(hook::read(method, word, report));
    } else if name.starts_with("on_") || name.starts_with("around_") {
        let hooks: Vec<&str> = words::HOOKS.iter().map(|hook| hook.name).collect();
        let meant = words::hook_meant(&name).or_else(|| nearest(&name, hooks.iter().copied()));
        let help = match meant {
            Some(better) => format!("did you mean `{better}`?"),
            None => format!(
                "rename it, or write one of {}; with `#[task]` it is a task",
                crate::text::list(&hooks, "and")
            ),
        };
        report.error(ident, format!("there is no hook `{name}`"), help);
    } else if !is_start(ident, &name, report) {
        methods.plain.push(name);
    }
}

/// The names of functions that cannot be read.
fn names_in(words: &TokenStream) -> Vec<String> {
    let words: Vec<TokenTree> = words.clone().into_iter().collect();
    let name = |pair: &[TokenTree]| match pair {
        [TokenTree::Ident(word), TokenTree::Ident(name)] if *word == "fn" => Some(name.unraw().to_string()),
        _ => None,
    };
    words.windows(2).filter_map(name).collect()
}

/// A constant or a type with one of our attributes.
fn other(words: &TokenStream, report: &mut Report) {
    let Ok(attributes) = Parser::parse2(first_attributes, words.clone()) else { return };
    for attribute in &attributes {
        if let Some(role) = Role::of(attribute) {
            let word = role.word();
            let help = format!("put it on a method: `#[{word}] fn name(&self) {{ .. }}`");
            report.error(attribute, format!("this cannot be `#[{word}]`"), help);
        }
    }
}

fn first_attributes(input: ParseStream<'_>) -> syn::Result<Vec<Attribute>> {
    let attributes = input.call(Attribute::parse_outer)?;
    input.parse::<TokenStream>()?;
    Ok(attributes)
}

/// The `#[cfg(..)]`s among the attributes.
pub(crate) fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect()
}

/// The runtime's path.
pub(crate) fn runtime(options: &Options) -> TokenStream {
    options.crate_path.as_ref().map_or_else(|| quote!(::tasktronaut), ToTokens::to_token_stream)
}
