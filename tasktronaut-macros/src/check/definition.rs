//! `define_process`, in one of its two shapes.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{FnArg, ReceiverKind, ReturnType};

use super::resolve::Resolver;
use super::scope::Scope;
use crate::collect::{Methods, declared};
use crate::model::{Definition, Graph, Parameter};
use crate::parse::cursor::is_punct;
use crate::parse::embedded::{self, Call};
use crate::parse::graph::{self, Mode};
use crate::parse::item::{Item, Member, Method};
use crate::report::Report;

const DECLARED: &str = "fn define_process() { process! { seq { first_task; } } }";
const WRITTEN: &str = "fn define_process(&self, builder: &mut Builder<Self>)";

/// Reads the graph. Where there is none, the process has no arguments and no steps.
pub(super) fn read(item: &Item, name: &Ident, methods: &Methods, report: &mut Report) -> Definition {
    let method = methods.definition.and_then(|index| item.members.get(index));
    let Some(Member::Method(method)) = method else {
        report.error(name, "this process has no `define_process`", format!("add `{DECLARED}`"));
        return Definition::Declared { parameters: Vec::new(), graph: empty() };
    };
    if matches!(method.signature.inputs.first(), Some(FnArg::Receiver(_))) {
        written(method, methods, report)
    } else {
        let parameters = declared(item, method, report);
        let graph = declared_graph(method, &parameters, methods, report);
        Definition::Declared { parameters, graph }
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
        let fact = "the body of `define_process` is one `process! { .. }` block";
        report.error(&signature.ident, fact, format!("write that, or, for a graph in Rust, `{WRITTEN}`"));
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
    let mut resolver = Resolver::new(methods, parameters, report);
    let nodes = resolver.steps(block.steps, &scope);
    Graph { mode: block.mode, text: block.text, builder: TokenStream::new(), nodes, facts: resolver.facts }
}

/// `fn define_process(&self, builder: &mut Builder<Self>) { .. }`
fn written(method: &Method, methods: &Methods, report: &mut Report) -> Definition {
    let signature = &method.signature;
    let shared = matches!(
        signature.inputs.first(),
        Some(FnArg::Receiver(receiver)) if matches!(receiver.kind, ReceiverKind::Reference(_, _, None))
    );
    let plain = signature.asyncness.is_none()
        && signature.generics.type_params().next().is_none()
        && signature.generics.const_params().next().is_none();
    let right = shared && plain && signature.inputs.len() == 2;
    if !right {
        let help = format!("write `{WRITTEN}`, or leave `&self` out: `{DECLARED}`");
        report.error(&signature.ident, "a hand-written `define_process` has another shape", help);
    }
    let body = method.body.as_ref().map(proc_macro2::Group::stream).unwrap_or_default();
    let mut islands = Vec::new();
    embedded::replace(body, &mut |call| {
        islands.push(island(&call, methods, right, report));
        TokenStream::new()
    });
    Definition::Written { islands, callable: right }
}

/// `process! { builder => steps }`
fn island(call: &Call, methods: &Methods, right: bool, report: &mut Report) -> Graph {
    let Some((builder, steps)) = split(&call.content.stream()) else {
        if right {
            let fact = "behind `&self`, `process!` begins with the builder";
            report.error(&call.name, fact, "write `process! { builder => first_task; }`");
        }
        return empty();
    };
    if steps.is_empty() {
        report.error(&call.name, "this block has no steps", "write `process! { builder => first_task; }`");
    }
    let steps = graph::steps(steps, report);
    let mut resolver = Resolver::new(methods, &[], report);
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
