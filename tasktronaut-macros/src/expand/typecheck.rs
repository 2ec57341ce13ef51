//! Dead code in which the compiler finds out what only types can tell, in the words of the user.
//!
//! It never runs. Its names are those of the steps, at their places, so editors find and rename them.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use super::dispatch::returns_result;
use super::{adapter, camel_case, needs, start, subprocess};
use crate::model::{Callable, CallableKind, Definition, Fact, Graph, Parameter, Place, Process};

pub(super) fn expand(process: &Process) -> TokenStream {
    let self_type = &process.item.self_type;
    let (graphs, arguments): (Vec<&Graph>, _) = match &process.definition {
        Definition::Declared { graph, .. } => {
            (vec![graph], start::arguments_name(process).into_token_stream())
        }
        Definition::Written { islands, .. } => (islands.iter().collect(), quote!(())),
    };
    let checks = graphs.into_iter().filter(|graph| !graph.facts.is_empty()).map(|graph| {
        let mut check = Check::new(process, &graph.facts);
        let statements: TokenStream = graph.facts.iter().map(|fact| check.fact(fact)).collect();
        let Check { items, traits, .. } = check;
        // expands to:
        //     const _: fn(&Album, &AlbumArgs) = |this, arguments| {
        //         let _ = <Album>::create_album;
        //         __resize_path(&item1.path);
        //     };
        quote! {
            const _: () = {
                #items
                #traits
                fn __check(this: &#self_type, arguments: &#arguments) {
                    use __tt::{NoItems as _, NoMap as _, NoNames as _};
                    #statements
                }
            };
        }
    });
    quote!(#(#checks)*)
}

struct Check<'a> {
    process: &'a Process,
    /// The items whose fields are asked for.
    asked: Vec<usize>,
    /// Names that items are asked for.
    names: Vec<Ident>,
    /// The struct that stands for items with unknown fields.
    items: TokenStream,
    /// One trait for each type that an argument must have.
    traits: TokenStream,
    /// The functions that ask for a type, each with the callable and the parameter that it is of.
    declared: Vec<(Ident, [&'a str; 2])>,
}

impl<'a> Check<'a> {
    fn new(process: &'a Process, facts: &[Fact]) -> Self {
        let mut check = Self {
            process,
            asked: Vec::new(),
            names: Vec::new(),
            items: TokenStream::new(),
            traits: TokenStream::new(),
            declared: Vec::new(),
        };
        for fact in facts {
            match fact {
                Fact::Given { callable, index, parameter, place, .. } => {
                    if let Some(parameter) = check.parameter(*callable, *index, *parameter) {
                        check.ask(place, &parameter.name);
                    }
                }
                Fact::Elements { list, place, .. } => check.ask(place, list),
                Fact::Embedded { item: Some(number), .. } => check.asked.push(*number),
                _ => {}
            }
        }
        let names = &check.names;
        if !check.asked.is_empty() {
            check.items = quote! {
                struct __Fields { #(#names: __tt::Anything),* }
                impl __tt::Map for __Fields {}
            };
        }
        check
    }

    fn ask(&mut self, place: &Place, name: &Ident) {
        if let Place::Field(number) = place {
            self.asked.push(*number);
            if !self.names.iter().any(|known| known.unraw() == name.unraw()) {
                self.names.push(name.clone());
            }
        }
    }

    fn callables(&self, kind: CallableKind) -> &'a [Callable] {
        match kind {
            CallableKind::Task => &self.process.tasks,
            CallableKind::Source(_) => &self.process.sources,
        }
    }

    fn parameter(&self, kind: CallableKind, index: usize, number: usize) -> Option<&'a Parameter> {
        self.callables(kind).get(index)?.parameters().nth(number)
    }

    fn fact(&mut self, fact: &Fact) -> TokenStream {
        let self_type = &self.process.item.self_type;
        match fact {
            Fact::Named { at } => quote!(let _ = <#self_type>::#at;),
            Fact::Unknown { at } => quote! {
                #[cfg(rust_analyzer)]
                { let _ = <#self_type>::#at; }
            },
            Fact::Items { number, source, at } => self.items(*number, *source, at),
            Fact::Elements { number, list, place } => {
                let item = format_ident!("item{number}");
                let list_value = value(place, list, list);
                let element = quote_spanned!(list.span()=> &__tt::element(#list_value));
                quote!(let #item = #element;)
            }
            Fact::Given { callable, index, parameter, place, at } => {
                self.given(*callable, *index, *parameter, place, at)
            }
            Fact::Embedded { process, scope, item } => {
                let scope: Vec<_> =
                    scope.iter().map(|(wire, place)| (wire.clone(), in_scope(place))).collect();
                match item {
                    None => subprocess::embedded(process, &scope),
                    Some(number) => needs::asked(process, &scope, &format_ident!("value{number}")),
                }
            }
        }
    }

    /// `let value1 = ItemsOf(..).item(); let item1 = FieldsOf(value1).fields();`
    fn items(&self, number: usize, source: usize, at: &Ident) -> TokenStream {
        let Some(source) = self.process.sources.get(source) else { return TokenStream::new() };
        let self_type = &self.process.item.self_type;
        let this = source.takes_self.then(|| quote!(this,));
        let arguments = source.parameters().map(|_| quote!(__tt::any()));
        let mut value = quote!(<#self_type>::#at(#this #(#arguments),*));
        if source.is_async {
            value = quote!(__tt::output(#value));
        }
        if returns_result(source) {
            value = quote!(__tt::success(#value));
        }
        let is_asked = self.asked.contains(&number);
        let fields = if is_asked { quote!(__Fields) } else { quote!(__tt::Anything) };
        let value = match source.kind {
            CallableKind::Source(crate::parse::graph::SourceKind::Transform) => value,
            _ => quote!(__tt::ItemsOf::<_, #fields>::new(#value).item()),
        };
        let (item, whole) = (format_ident!("item{number}"), format_ident!("value{number}"));
        // That its fields have no names is said of the step.
        let named = quote_spanned! {at.span()=>
            let item = __tt::FieldsOf::<_, #fields>::new(&#whole);
            item.have_names();
            let #item = item.fields();
        };
        quote! {
            let #whole = #value;
            #named
        }
    }

    /// The function that asks for the type of a parameter, and whether it is new. The task `resize` with `image_path`
    /// and `resize_image` with `path` have two.
    fn asking(&mut self, of: [&'a str; 2]) -> (Ident, bool) {
        if let Some((function, _)) = self.declared.iter().find(|(_, known)| *known == of) {
            return (function.clone(), false);
        }
        let mut function = adapter(&of.join("_"));
        if self.declared.iter().any(|(known, _)| *known == function) {
            function = adapter(&format!("{}_{}", of.join("_"), self.declared.len()));
        }
        self.declared.push((function.clone(), of));
        (function, true)
    }

    /// `__resize_path(&item1.path);`
    fn given(
        &mut self,
        kind: CallableKind,
        index: usize,
        number: usize,
        place: &Place,
        at: &Ident,
    ) -> TokenStream {
        let Some(callable) = self.callables(kind).get(index) else { return TokenStream::new() };
        let Some(parameter) = callable.parameters().nth(number) else { return TokenStream::new() };
        let (function, is_new) = self.asking([callable.wire.as_str(), parameter.wire.as_str()]);
        let conditions = &callable.conditions;
        if is_new {
            let what = match kind {
                CallableKind::Task => "task",
                CallableKind::Source(_) => "source",
            };
            let accepts = accepts(&function, what, callable, parameter);
            self.traits.extend(accepts);
        }
        let value = value(place, &parameter.name, at);
        let mut function = function;
        function.set_span(at.span());
        match place {
            // What is wrong with a field that is there is said of the step.
            Place::Field(_) => quote_spanned! {at.span()=>
                #(#conditions)* { let value = #value; #function(value); }
            },
            _ => quote_spanned!(at.span()=> #(#conditions)* #function(#value);),
        }
    }
}

/// Where an argument comes from, in the place of the step that takes it. The variables are our own: their names must
/// not be taken for names of the user, who may have written the step in a `macro_rules!`.
///
/// A field is asked for where the parameter stands: where there is none, the compiler proposes one with a similar name,
/// which would be no name for the step.
fn value(place: &Place, name: &Ident, at: &Ident) -> TokenStream {
    let span = at.span();
    let here = {
        let mut name = name.clone();
        name.set_span(span);
        name
    };
    match place {
        Place::Argument(_) | Place::Unknown => {
            let arguments = quote!(arguments);
            quote_spanned!(span=> &__tt::given(#arguments).#here)
        }
        Place::Element(number) => {
            let item = format_ident!("item{number}");
            quote_spanned!(span=> __tt::given(#item))
        }
        Place::Field(number) => {
            let item = format_ident!("item{number}");
            quote_spanned!(span=> &(*__tt::given(#item)).#name)
        }
    }
}

/// What an embedded process is told of an argument. Where nobody knows its type, it may be any.
fn in_scope(place: &Place) -> TokenStream {
    match place {
        Place::Argument(name) => quote!(&arguments.#name),
        Place::Element(number) | Place::Field(number) => format_ident!("item{number}").to_token_stream(),
        Place::Unknown => quote!(&__tt::Anything),
    }
}

/// A function that takes what the parameter takes, and says so.
fn accepts(function: &Ident, what: &str, callable: &Callable, parameter: &Parameter) -> TokenStream {
    let Callable { wire: who, conditions, .. } = callable;
    let Parameter { name, wire, text, kind, optional, .. } = parameter;
    let message = format!("{what} `{who}` takes `{wire}: {text}`, but here `{wire}` is a `{{Self}}`");
    let label = format!("`{wire}` is a `{{Self}}` here");
    let help = format!("help: take `{wire}: {{Self}}` in `{who}`, or make the argument a `{text}`");
    let span = kind.clone().into_iter().next().map_or(name.span(), |tree| tree.span());
    let name = format_ident!("__{}", camel_case(function.to_string().trim_start_matches('_')), span = span);
    let mut function = function.clone();
    function.set_span(span);
    let conditions = quote!(#(#conditions)*);
    let kinds = [Some(kind.clone()), optional.clone(), Some(quote!(__tt::Anything))];
    let kinds = kinds.iter().flatten();
    // The type stands in the bound too: where the compiler does not know it, that is told, and nothing of the bound.
    // And `impl<>`, not `impl`: else it is told a second time, as a type parameter that may be missing.
    quote_spanned! {span=>
        #conditions
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #help)]
        trait #name<T> {}
        #(
            #conditions
            #[diagnostic::do_not_recommend]
            impl<> #name<#kind> for #kinds {}
        )*
        #conditions
        fn #function<T: #name<#kind>>(_: &T) {}
    }
}
