//! Names that stand for nothing, or for something else.

use proc_macro2::Ident;

use super::resolve::{Resolver, element_of};
use super::scope::{Known, Scope};
use crate::collect::signature;
use crate::model::{Callable, CallableKind, Fact};
use crate::parse::graph::SourceKind;
use crate::suggest::nearest;
use crate::text;
use crate::words;

/// More names than these are no help.
const MOST: usize = 8;

pub(super) fn task(resolver: &mut Resolver<'_>, name: &Ident, wire: &str) {
    if resolver.methods.wrong.iter().any(|wrong| wrong == wire) {
        return;
    }
    resolver.facts.push(Fact::Unknown { at: name.clone() });
    let methods = resolver.methods;
    let tasks = names(&methods.tasks, CallableKind::Task);
    let (fact, help) = if let Some(source) = methods.sources.iter().find(|source| source.wire == wire) {
        let kind = kind(source);
        (format!("`{wire}` is no task, it is `#[{kind}]`"), format!("write `{kind} {name} {{ .. }}`"))
    } else if methods.plain.iter().any(|plain| plain == wire) {
        (format!("the method `{wire}` is no task"), "put `#[task]` on it".to_owned())
    } else if words::hook(wire).is_some() {
        (format!("`{wire}` is a hook"), "leave it out: hooks run by themselves".to_owned())
    } else if let Some(better) = nearest(wire, tasks.iter().copied().chain(wrong(resolver))) {
        (format!("no task named `{wire}` in this process"), format!("did you mean `{better}`?"))
    } else if wire.starts_with(char::is_uppercase) {
        (
            format!("no task named `{wire}` in this process"),
            format!("write `sub {name};` for another process"),
        )
    } else {
        let help = if tasks.is_empty() || tasks.len() > MOST {
            format!("add `#[task] fn {name}(&self) {{}}` to this impl block")
        } else {
            the(&tasks, "task", "tasks")
        };
        (format!("no task named `{wire}` in this process"), help)
    };
    resolver.report.error(name, fact, help);
}

pub(super) fn source(resolver: &mut Resolver<'_>, wanted: SourceKind, name: &Ident, wire: &str) {
    if resolver.methods.wrong.iter().any(|wrong| wrong == wire) {
        return;
    }
    resolver.facts.push(Fact::Unknown { at: name.clone() });
    let methods = resolver.methods;
    let word = wanted.word();
    let sources = names(&methods.sources, CallableKind::Source(wanted));
    let is_argument = resolver.parameters.iter().any(|parameter| parameter.wire == wire);
    let (fact, help) = if let Some(other) = methods.sources.iter().find(|source| source.wire == wire) {
        let kind = kind(other);
        (format!("`{wire}` is `#[{kind}]`, not `#[{word}]`"), format!("write `{kind} {name} {{ .. }}`"))
    } else if methods.tasks.iter().any(|task| task.wire == wire) {
        (
            format!("`{wire}` is a task"),
            format!("write `{name};`, or put `#[{word}]` on it instead of `#[task]`"),
        )
    } else if methods.plain.iter().any(|plain| plain == wire) {
        (format!("the method `{wire}` is no source"), format!("put `#[{word}]` on it"))
    } else if is_argument && wanted == SourceKind::Each {
        (
            format!("`{wire}` is an argument, and its elements need a name"),
            format!("write `each item in {name} {{ .. }}`"),
        )
    } else if let Some(better) = nearest(wire, sources.iter().copied().chain(wrong(resolver))) {
        (format!("no `#[{word}]` method named `{wire}` in this process"), format!("did you mean `{better}`?"))
    } else {
        let help = if sources.is_empty() || sources.len() > MOST {
            match wanted {
                SourceKind::Each => {
                    format!("add `#[each] fn {name}(&self) -> Vec<Item> {{ .. }}` to this impl block")
                }
                SourceKind::Transform => {
                    format!("add `#[transform] fn {name}(&self) -> Item {{ .. }}` to this impl block")
                }
            }
        } else {
            the(&sources, &format!("`#[{word}]` method"), &format!("`#[{word}]` methods"))
        };
        (format!("no `#[{word}]` method named `{wire}` in this process"), help)
    };
    resolver.report.error(name, fact, help);
}

/// `each x in list`, and no such list.
pub(super) fn list(resolver: &mut Resolver<'_>, item: &Ident, list: &Ident, scope: &Scope) {
    let wire = list.to_string();
    let known: Vec<&str> = scope.known.iter().map(|known| known.wire.as_str()).collect();
    let is_list = |known: &&Known| known.text.as_deref().is_some_and(|text| element_of(text).is_some());
    let lists: Vec<&str> = scope.known.iter().filter(is_list).map(|known| known.wire.as_str()).collect();
    let is_source = resolver.methods.sources.iter().any(|source| source.wire == wire);
    let help = if is_source {
        format!("it is an `#[each]` method: write `each {list} {{ .. }}`")
    } else if let Some(better) = nearest(&wire, known.iter().copied()) {
        format!("did you mean `{better}`?")
    } else if !lists.is_empty() && lists.len() <= MOST {
        the(&lists, "list", "lists")
    } else {
        let type_name = wanted(resolver, &item.to_string());
        format!("declare it: `{}`", signature(resolver.parameters, &format!("{list}: Vec<{type_name}>")))
    };
    resolver.report.error(list, format!("no argument named `{wire}` is in scope here"), help);
}

/// The type that a task wants for an argument of this name.
fn wanted<'a>(resolver: &Resolver<'a>, name: &str) -> &'a str {
    let mut parameters = resolver.methods.tasks.iter().flat_map(Callable::parameters);
    parameters.find(|parameter| parameter.wire == name).map_or("String", |parameter| &parameter.text)
}

/// `the task is ..` or `the tasks are ..`
fn the(names: &[&str], one: &str, many: &str) -> String {
    let (what, is) = if names.len() == 1 { (one, "is") } else { (many, "are") };
    format!("the {what} {is} {}", text::list(names, "and"))
}

fn names(callables: &[Callable], kind: CallableKind) -> Vec<&str> {
    callables.iter().filter(|callable| callable.kind == kind).map(|callable| callable.wire.as_str()).collect()
}

fn wrong<'a>(resolver: &Resolver<'a>) -> impl Iterator<Item = &'a str> {
    resolver.methods.wrong.iter().map(String::as_str)
}

fn kind(callable: &Callable) -> &'static str {
    match callable.kind {
        CallableKind::Task => "task",
        CallableKind::Source(kind) => kind.word(),
    }
}
