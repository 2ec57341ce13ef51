//! `define_process`, in one of its two shapes.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{FnArg, Pat, PatType, ReturnType, Type, TypeReference};

use super::resolve::Resolver;
use super::scope::Scope;
use crate::collect::{Methods, borrows_self, declared};
use crate::model::{Definition, Graph, Parameter};
use crate::parse::cursor::is_punct;
use crate::parse::embedded::{self, Call};
use crate::parse::graph::{self, Mode};
use crate::parse::item::{Item, Member, Method};
use crate::report::Report;
use crate::suggest::nearest;
use crate::text;

const DECLARED: &str = "fn define_process() { process! { seq { first_task; } } }";
const WRITTEN: &str = "fn define_process(&self, builder: &mut Builder<Self>)";

/// Reads the graph. Where it is not readable, the process has no arguments and no steps; where there is none, the block
/// may be the second one of a process, and nothing is generated twice.
pub(super) fn read(item: &Item, name: &Ident, methods: &Methods, report: &mut Report) -> Option<Definition> {
    let misnamed = misnamed(item, methods, report);
    strays(item, methods, misnamed, report);
    let method = methods.definition.or(misnamed).and_then(|index| item.members.get(index));
    let Some(Member::Method(method)) = method else {
        if !methods.wrong.iter().any(|wrong| wrong == "define_process") {
            let help = format!("all of a process stands in one block: add `{DECLARED}`");
            report.error(name, "this process has no `define_process`", help);
            return None;
        }
        return Some(Definition::Declared { parameters: Vec::new(), graph: empty() });
    };
    Some(if matches!(method.signature.inputs.first(), Some(FnArg::Receiver(_))) {
        match written(item, method, methods, report) {
            Definition::Written { islands, callable } => {
                Definition::Written { islands, callable: callable && misnamed.is_none() }
            }
            declared @ Definition::Declared { .. } => declared,
        }
    } else {
        let parameters = declared(item, method, report);
        let graph = declared_graph(item, method, &parameters, methods, report);
        Definition::Declared { parameters, graph }
    })
}

/// Where there is no `define_process`: the method that is meant, by its name.
fn misnamed(item: &Item, methods: &Methods, report: &mut Report) -> Option<usize> {
    if methods.definition.is_some() {
        return None;
    }
    let plain = methods.plain.iter().map(String::as_str);
    let meant = ["define", "definition"];
    let meant = methods.plain.iter().find(|name| meant.iter().any(|meant| name == meant)).map(String::as_str);
    let name = meant.or_else(|| plain.clone().find(|name| nearest("define_process", [*name]).is_some()))?;
    let of_name =
        |member: &Member| matches!(member, Member::Method(method) if method.signature.ident == name);
    let index = item.members.iter().position(of_name)?;
    if let Some(Member::Method(method)) = item.members.get(index) {
        let fact = format!("this process has no `define_process`, but a method `{name}`");
        report.error(&method.signature.ident, fact, "rename it to `define_process`");
    }
    Some(index)
}

/// Only `define_process` draws the graph.
fn strays(item: &Item, methods: &Methods, misnamed: Option<usize>, report: &mut Report) {
    for (index, member) in item.members.iter().enumerate() {
        let Member::Method(method) = member else { continue };
        let is_definition =
            methods.definition.or(misnamed) == Some(index) || method.signature.ident == "define_process";
        let Some(body) = method.body.as_ref().filter(|_| !is_definition) else { continue };
        embedded::replace(body.stream(), &mut |call| {
            let fact = "`process!` stands outside of `define_process`";
            report.error(&call.name, fact, "move it to `fn define_process() { process! { .. } }`");
            TokenStream::new()
        });
    }
}

fn empty() -> Graph {
    Graph {
        mode: Mode::Sequential,
        text: None,
        builder: TokenStream::new(),
        nodes: Vec::new(),
        facts: Vec::new(),
    }
}

/// `fn define_process(arguments) { process! { .. } }`
fn declared_graph(
    item: &Item,
    method: &Method,
    parameters: &[Parameter],
    methods: &Methods,
    report: &mut Report,
) -> Graph {
    let signature = &method.signature;
    let help = "its parameters are the arguments of the process, and its body is `process! { .. }`";
    if let Some(word) = &signature.asyncness {
        report.error(word, "`define_process` is not async", "leave `async` out");
    }
    if !signature.generics.params.is_empty() {
        report.error(&signature.generics, "`define_process` has no generic parameters", help);
    }
    if let ReturnType::Type(_, output) = &signature.output {
        let fact = "`define_process` without `&self` returns nothing";
        report.error(output, fact, format!("leave the result out, or write `{WRITTEN}`"));
    }
    let body = method.body.as_ref().map(proc_macro2::Group::stream).unwrap_or_default();
    let Some(call) = embedded::single(&body) else {
        no_block(method, &body, report);
        return empty();
    };
    let content = call.content.stream();
    if let Some((builder, _)) = split(&content) {
        let help = format!("leave `{builder} =>` out, or write `{WRITTEN}`");
        report.error(&builder, "there is no builder without `&self`", help);
        return empty();
    }
    let Some(block) = graph::outermost(&call.name, content, report) else { return empty() };
    let complete = parameters.len() == method.parameters().count();
    let scope = if complete { Scope::declared(parameters) } else { Scope::open() };
    let mut resolver = Resolver::declared(methods, &item.self_type, parameters, report);
    let nodes = resolver.steps(block.steps, &scope);
    Graph { mode: block.mode, text: block.text, builder: TokenStream::new(), nodes, facts: resolver.facts }
}

/// The body is something else than one `process!`.
fn no_block(method: &Method, body: &TokenStream, report: &mut Report) {
    let mut words = body.clone().into_iter();
    if let (Some(TokenTree::Ident(word)), Some(TokenTree::Group(group))) = (words.next(), words.next()) {
        let block = word == "seq" || word == "par";
        if group.delimiter() == Delimiter::Brace && (block || word == "process") {
            let steps = if block { format!("{word} {{ .. }}") } else { "..".to_owned() };
            let help = format!("write `process! {{ {steps} }}`");
            report.error(&word, "the graph stands in `process! { .. }`", help);
            return;
        }
    }
    let fact = "the body of `define_process` is one `process! { .. }` block";
    let help = format!("write that, or, for a graph in Rust, `{WRITTEN}`");
    report.error(&method.signature.ident, fact, help);
}

/// `fn define_process(&self, builder: &mut Builder<Self>) { .. }`
fn written(item: &Item, method: &Method, methods: &Methods, report: &mut Report) -> Definition {
    let signature = &method.signature;
    let shared = matches!(
        signature.inputs.first(),
        Some(FnArg::Receiver(receiver)) if borrows_self(receiver)
    );
    let plain = signature.asyncness.is_none()
        && signature.generics.type_params().next().is_none()
        && signature.generics.const_params().next().is_none();
    let right = shared && plain && signature.inputs.len() == 2 && method.parameters().all(is_mutable);
    if !right {
        let help = format!("write `{WRITTEN}`, or leave `&self` out: `{}`", without_self(method));
        report.error(&signature.ident, "a hand-written `define_process` has another shape", help);
    }
    let body = method.body.as_ref().map(proc_macro2::Group::stream).unwrap_or_default();
    let mut islands = Vec::new();
    embedded::replace(body, &mut |call| {
        let graph = island(item, method, &call, methods, right, report);
        // Without a builder of the right shape its steps have nowhere to go.
        islands.push(if right { graph } else { empty() });
        TokenStream::new()
    });
    Definition::Written { islands, callable: right }
}

/// `builder: &mut ..`
fn is_mutable(typed: &PatType) -> bool {
    matches!(&*typed.ty, Type::Reference(TypeReference { mutability: Some(_), .. }))
}

/// The same arguments in the shape that declares them.
fn without_self(method: &Method) -> String {
    let owned = method.parameters().filter(|typed| !text::of(&typed.ty).contains("Builder"));
    let arguments: Vec<String> = owned.map(text::of).collect();
    DECLARED.replace("()", &format!("({})", arguments.join(", ")))
}

/// `process! { builder => steps }`
fn island(
    item: &Item,
    method: &Method,
    call: &Call,
    methods: &Methods,
    right: bool,
    report: &mut Report,
) -> Graph {
    let named = method.parameters().next().and_then(|typed| match &*typed.pat {
        Pat::Ident(pattern) => Some(pattern.ident.to_string()),
        _ => None,
    });
    let help = format!("write `process! {{ {} => first_task; }}`", named.as_deref().unwrap_or("builder"));
    let Some((builder, steps)) = split(&call.content.stream()) else {
        if right {
            report.error(&call.name, "behind `&self`, `process!` begins with the builder", help);
        }
        return empty();
    };
    if graph::is_empty(&steps) {
        report.error(&call.name, "this block has no steps", help);
    }
    let steps = graph::steps(steps, report);
    let mut resolver = Resolver::written(methods, &item.self_type, report);
    let nodes = resolver.steps(steps, &Scope::open());
    Graph { mode: Mode::Sequential, text: None, builder, nodes, facts: resolver.facts }
}

/// What stands before and behind the first `=>`.
fn split(content: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let trees: Vec<TokenTree> = content.clone().into_iter().collect();
    let arrow = trees.windows(2).position(|pair| is_punct(&pair[0], '=') && is_punct(&pair[1], '>'))?;
    let before: TokenStream = trees[..arrow].iter().map(ToTokens::to_token_stream).collect();
    let behind = trees[arrow + 2..].iter().map(ToTokens::to_token_stream).collect();
    let before = if before.is_empty() { quote!(builder) } else { before };
    Some((before, behind))
}
