//! Steps become nodes: names become numbers, and arguments are found.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{LitStr, Type};

use super::scope::{Known, Rest, Scope};
use super::unknown;
use crate::collect::{Methods, signature};
use crate::model::{Callable, CallableKind, Fact, Node, Parameter, Place};
use crate::parse::graph::{SourceKind, Step};
use crate::report::Report;
use crate::self_type;
use crate::suggest::nearest;
use crate::text;

pub(super) struct Resolver<'a> {
    pub(super) methods: &'a Methods,
    pub(super) parameters: &'a [Parameter],
    pub(super) report: &'a mut Report,
    /// The type of the impl block.
    self_type: &'a Type,
    /// Whether the steps stand where there may be none: for each of some items, or by an option.
    is_conditional: bool,
    /// The options that were asked for, each with its default.
    options: Vec<(String, String)>,
    pub(super) facts: Vec<Fact>,
    /// Items and scopes are numbered.
    numbers: usize,
    /// What is told already: the scope and the argument.
    told: Vec<(usize, String)>,
}

impl<'a> Resolver<'a> {
    /// Of the parameters of `define_process`.
    pub(super) fn declared(
        methods: &'a Methods,
        self_type: &'a Type,
        parameters: &'a [Parameter],
        report: &'a mut Report,
    ) -> Self {
        Self {
            methods,
            parameters,
            report,
            self_type,
            is_conditional: false,
            options: Vec::new(),
            facts: Vec::new(),
            numbers: 0,
            told: Vec::new(),
        }
    }

    /// Of a block within Rust code, which may stand behind any condition.
    pub(super) fn written(methods: &'a Methods, self_type: &'a Type, report: &'a mut Report) -> Self {
        Self { is_conditional: true, ..Self::declared(methods, self_type, &[], report) }
    }

    /// Leaves out what is wrong.
    pub(super) fn steps(&mut self, steps: Vec<Step>, scope: &Scope) -> Vec<Node> {
        steps.into_iter().filter_map(|step| self.step(step, scope)).collect()
    }

    fn step(&mut self, step: Step, scope: &Scope) -> Option<Node> {
        match step {
            Step::Task { name, text } => self.task(&name, text, scope),
            Step::Block(block) => {
                let nodes = self.steps(block.steps, scope);
                Some(Node::Block { mode: block.mode, text: block.text, nodes })
            }
            Step::EachIn { item, list, text, steps } => Some(self.each_in(item, list, text, steps, scope)),
            Step::Source { kind, name, text, steps } => self.source(kind, &name, text, steps, scope),
            Step::Sub { process, text } => self.sub(process, text, scope),
            Step::Choice { option, default, then, otherwise } => {
                self.option(&option, &default);
                let then = self.perhaps(then, scope);
                let otherwise = self.perhaps(otherwise, scope);
                Some(Node::Choice { option, default, then, otherwise })
            }
            Step::Unclear(steps) => {
                self.steps(steps, &Scope::open());
                None
            }
        }
    }

    /// Steps that may not be there at all.
    fn perhaps(&mut self, steps: Vec<Step>, scope: &Scope) -> Vec<Node> {
        let around = std::mem::replace(&mut self.is_conditional, true);
        let nodes = self.steps(steps, scope);
        self.is_conditional = around;
        nodes
    }

    /// An option is set beside the arguments: one that is called as an argument would never be what the argument is.
    /// And it has one default.
    fn option(&mut self, option: &Ident, default: &TokenStream) {
        let wire = option.unraw().to_string();
        if self.parameters.iter().any(|parameter| parameter.wire == wire) {
            let fact = format!("`{wire}` is an argument of the process, and `if` asks for an option");
            let help =
                format!("take `{wire}` out of `define_process`, and set it with `.option(\"{wire}\", true)`");
            self.report.error(option, fact, help);
            return;
        }
        let default = text::of(default);
        match self.options.iter().find(|(known, _)| *known == wire) {
            Some((_, known)) if *known != default => {
                let fact = format!("the option `{wire}` is `{known}` by default where it is asked for first");
                self.report.error(option, fact, format!("write `option({wire} = {known})`"));
            }
            Some(_) => {}
            None => self.options.push((wire, default)),
        }
    }

    fn task(&mut self, name: &Ident, text: Option<LitStr>, scope: &Scope) -> Option<Node> {
        let wire = name.unraw().to_string();
        let methods = self.methods;
        let Some(task) = methods.tasks.iter().position(|task| task.wire == wire) else {
            unknown::task(self, name, &wire);
            return None;
        };
        self.facts.push(Fact::Named { at: name.clone() });
        self.given(&methods.tasks, name, &wire, scope);
        Some(Node::Task { task, text })
    }

    fn source(
        &mut self,
        kind: SourceKind,
        name: &Ident,
        text: Option<LitStr>,
        steps: Vec<Step>,
        scope: &Scope,
    ) -> Option<Node> {
        let wire = name.unraw().to_string();
        let methods = self.methods;
        let found = methods.sources.iter().position(|source| source.wire == wire);
        let Some(found) = found.filter(|found| methods.sources[*found].kind == CallableKind::Source(kind))
        else {
            unknown::source(self, kind, name, &wire);
            self.steps(steps, &Scope::open());
            return None;
        };
        self.facts.push(Fact::Named { at: name.clone() });
        self.given(&methods.sources, name, &wire, scope);
        let number = self.number();
        self.facts.push(Fact::Items { number, source: found, at: name.clone() });
        let inner = scope.inside(number, methods.sources[found].options.extend);
        let nodes = match kind {
            SourceKind::Each => self.perhaps(steps, &inner),
            SourceKind::Transform => self.steps(steps, &inner),
        };
        Some(Node::Source { source: found, text, nodes })
    }

    fn each_in(
        &mut self,
        item: Ident,
        list: Ident,
        text: Option<LitStr>,
        steps: Vec<Step>,
        scope: &Scope,
    ) -> Node {
        let wire = item.unraw().to_string();
        let number = self.number();
        if scope.known.iter().any(|known| known.wire == wire) {
            let fact = format!("`{wire}` is the name of another argument here");
            self.report.error(&item, fact, format!("choose another name, as in `each one_{wire} in {list}`"));
        }
        let found = scope.find(&list.unraw().to_string());
        if found.is_none() {
            unknown::list(self, &item, &list, scope);
        }
        let place = match found.as_ref().map(|found| &found.place) {
            None | Some(Place::Unknown) => Place::Unknown,
            Some(place) => {
                self.facts.push(Fact::Elements { number, list: list.clone(), place: place.clone() });
                Place::Element(number)
            }
        };
        let element = found.and_then(|found| found.text).and_then(|text| element_of(&text));
        let inner = scope.with(number, Known { wire, text: element, place });
        let nodes = self.perhaps(steps, &inner);
        Node::EachIn { item, list, text, nodes }
    }

    fn sub(&mut self, process: Type, text: Option<LitStr>, scope: &Scope) -> Option<Node> {
        let named = self_type::replace(process.to_token_stream(), self.self_type);
        if !self.is_conditional && text::of(&named) == text::of(self.self_type) {
            let help = "put it where there may be none, as in `each item in items { .. }`";
            self.report.error(&process, "this process contains itself without end", help);
            return None;
        }
        let process = syn::parse2(named).unwrap_or(process);
        let item = match scope.rest {
            Rest::Nothing => None,
            Rest::Fields(item) => Some(item),
            Rest::Open => return Some(Node::Sub { process, text, in_item: false }),
        };
        let known = scope.known.iter();
        let scope = known.map(|known| (known.wire.clone(), known.place.clone())).collect();
        self.facts.push(Fact::Embedded { process: Box::new(process.clone()), scope, item });
        Some(Node::Sub { process, text, in_item: item.is_some() })
    }

    /// Finds each argument of what is named `at`.
    fn given(&mut self, callables: &'a [Callable], at: &Ident, wire: &str, scope: &Scope) {
        for (index, callable) in callables.iter().enumerate().filter(|(_, callable)| callable.wire == wire) {
            for (number, parameter) in callable.parameters().enumerate() {
                match scope.find(&parameter.wire) {
                    Some(known) if is_settled(&known, parameter) => {}
                    Some(known) => self.facts.push(Fact::Given {
                        callable: callable.kind,
                        index,
                        parameter: number,
                        place: known.place,
                        at: at.clone(),
                    }),
                    None if parameter.may_be_absent() => {}
                    None => self.missing(callable, parameter, at, scope),
                }
            }
        }
    }

    fn missing(&mut self, callable: &Callable, parameter: &Parameter, at: &Ident, scope: &Scope) {
        let told = (scope.number, parameter.wire.clone());
        if self.told.contains(&told) {
            return;
        }
        self.told.push(told);
        let wanted = format!("{}: {}", parameter.name, parameter.text);
        let what = match callable.kind {
            CallableKind::Task => "task",
            CallableKind::Source(_) => "source",
        };
        let list = scope.known.iter().find(|known| {
            known.text.as_deref().and_then(element_of).is_some_and(|element| element == parameter.text)
        });
        let near = nearest(&parameter.wire, scope.known.iter().map(|known| known.wire.as_str()));
        let help = match (list, near) {
            // The types fit; whether the elements are meant, nobody but the user knows.
            (Some(list), _) => format!(
                "write `each {} in {} {{ {at}; }}`, or declare `{wanted}` in `define_process`",
                parameter.name, list.wire
            ),
            (None, Some(near)) => format!("`{near}` is in scope here: rename one of the two"),
            (None, None) => match untaken(callable, scope) {
                Some(element) => {
                    format!(
                        "take `{element}` in `{}`, or declare `{wanted}` in `define_process`",
                        callable.wire
                    )
                }
                None => format!("declare it: `{}`", signature(self.parameters, &wanted)),
            },
        };
        let fact =
            format!("{what} `{}` needs the argument `{wanted}`, which is not in scope here", callable.wire);
        self.report.error(at, fact, help);
    }

    fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }
}

/// Nothing is left to be found out: nobody can know, or the types are written in the same words, or the argument may
/// be absent from an item.
fn is_settled(known: &Known, parameter: &Parameter) -> bool {
    match known.place {
        Place::Unknown => true,
        Place::Field(_) if parameter.may_be_absent() => true,
        _ => known.text.as_ref() == Some(&parameter.text),
    }
}

/// The element that this place is there for, where the callable does not take it: it may be after a field of it.
fn untaken(callable: &Callable, scope: &Scope) -> Option<String> {
    let element = scope.known.iter().rev().find(|known| matches!(known.place, Place::Element(_)))?;
    let is_taken = callable.parameters().any(|parameter| parameter.wire == element.wire);
    let text = element.text.as_ref().filter(|_| !is_taken)?;
    Some(format!("{}: {text}", element.wire))
}

/// The `T` of `Vec<T>`, as it is written.
pub(super) fn element_of(text: &str) -> Option<String> {
    Some(text.strip_prefix("Vec<")?.strip_suffix('>')?.to_owned())
}
