//! What a process is, once its words are understood: tasks, sources, hooks and the graph.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, LitStr, Type};

use crate::parse::attribute::Options;
use crate::parse::graph::{Mode, SourceKind};
use crate::parse::item::Item;
use crate::words::Hook as HookWord;

/// All that is known of an impl block with `#[process]`.
pub(crate) struct Process {
    pub(crate) item: Item,
    pub(crate) options: Options,
    /// `::tasktronaut`, or what `crate = ..` says.
    pub(crate) runtime: TokenStream,
    /// The type's own name.
    pub(crate) name: Ident,
    /// Conditions on the whole block.
    pub(crate) conditions: Vec<Attribute>,
    pub(crate) tasks: Vec<Callable>,
    pub(crate) sources: Vec<Callable>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) definition: Definition,
}

/// A task or a source: a method that takes arguments.
pub(crate) struct Callable {
    pub(crate) kind: CallableKind,
    pub(crate) name: Ident,
    /// The name without `r#`.
    pub(crate) wire: String,
    pub(crate) options: Options,
    pub(crate) is_async: bool,
    pub(crate) takes_self: bool,
    pub(crate) inputs: Vec<Input>,
    pub(crate) output: Option<Type>,
    pub(crate) conditions: Vec<Attribute>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallableKind {
    Task,
    Source(SourceKind),
}

/// What a task is given.
pub(crate) enum Input {
    Argument(Parameter),
    Context,
}

/// An argument: a name and an owned type.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) wire: String,
    /// The type, without `Self`.
    pub(crate) kind: TokenStream,
    /// The type as a person writes it.
    pub(crate) text: String,
    pub(crate) default: Default,
    pub(crate) docs: Vec<Attribute>,
    /// The `T` of an `Option<T>`.
    pub(crate) optional: Option<TokenStream>,
}

/// What stands for an argument that is not given.
pub(crate) enum Default {
    /// It must be given.
    Required,
    /// `#[default]`
    OfType,
    /// `#[default(value)]`
    Value(TokenStream),
}

impl Parameter {
    /// It may be left out.
    pub(crate) fn may_be_absent(&self) -> bool {
        self.optional.is_some() || !matches!(self.default, Default::Required)
    }
}

impl Callable {
    /// The arguments it takes, in their order.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.inputs.iter().filter_map(|input| match input {
            Input::Argument(parameter) => Some(parameter),
            Input::Context => None,
        })
    }

    pub(crate) fn takes_context(&self) -> bool {
        self.inputs.iter().any(|input| matches!(input, Input::Context))
    }
}

/// A lifecycle hook.
pub(crate) struct Hook {
    pub(crate) word: &'static HookWord,
    pub(crate) name: Ident,
    pub(crate) is_async: bool,
    pub(crate) output: Option<Type>,
    pub(crate) conditions: Vec<Attribute>,
}

/// How the graph is given.
pub(crate) enum Definition {
    /// `fn define_process(arguments) { process! { .. } }`
    Declared { parameters: Vec<Parameter>, graph: Graph },
    /// `fn define_process(&self, builder: &mut Builder<Self>) { .. }`, with the `process!` blocks in it.
    Written {
        islands: Vec<Graph>,
        /// Its shape is right, so it can be called.
        callable: bool,
    },
}

/// The steps of a block, and what has to be true for them.
pub(crate) struct Graph {
    pub(crate) mode: Mode,
    pub(crate) text: Option<LitStr>,
    /// What stands before `=>`.
    pub(crate) builder: TokenStream,
    pub(crate) nodes: Vec<Node>,
    pub(crate) facts: Vec<Fact>,
}

/// A step that is known to be right.
pub(crate) enum Node {
    /// The number in the table of tasks.
    Task {
        task: usize,
        text: Option<LitStr>,
    },
    Block {
        mode: Mode,
        text: Option<LitStr>,
        nodes: Vec<Node>,
    },
    EachIn {
        item: Ident,
        list: Ident,
        text: Option<LitStr>,
        nodes: Vec<Node>,
    },
    /// The number in the table of sources.
    Source {
        source: usize,
        text: Option<LitStr>,
        nodes: Vec<Node>,
    },
    Sub {
        process: Type,
        text: Option<LitStr>,
        /// Its arguments come from the fields of an item.
        in_item: bool,
    },
    Choice {
        option: Ident,
        default: TokenStream,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
}

/// Where an argument comes from.
#[derive(Clone)]
pub(crate) enum Place {
    /// A parameter of `define_process`.
    Argument(Ident),
    /// The element of `each x in list` with this number.
    Element(usize),
    /// A field of the item with this number.
    Field(usize),
    /// Only known when a process is built.
    Unknown,
}

/// What the compiler still has to find true, in terms of types.
pub(crate) enum Fact {
    /// A task or a source is named here.
    Named { at: Ident },
    /// A name that stands for nothing yet.
    Unknown { at: Ident },
    /// A task or source is given an argument here.
    Given { callable: CallableKind, index: usize, parameter: usize, place: Place, at: Ident },
    /// The items of a source.
    Items { number: usize, source: usize, at: Ident },
    /// The elements of a list, which is called `list`.
    Elements { number: usize, list: Ident, place: Place },
    /// A process is embedded where these arguments are in scope, and the fields of the item with this number.
    Embedded { process: Box<Type>, scope: Vec<(String, Place)>, item: Option<usize> },
}
