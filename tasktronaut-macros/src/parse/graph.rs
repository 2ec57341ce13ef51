//! The words of `process! { .. }` become steps.
//!
//! ```text
//! step := name ["text"] ;        | seq ["text"] { steps } | par ["text"] { steps }
//!       | each x in list ["text"] { steps } | each source ["text"] { steps } | transform source ["text"] { steps }
//!       | sub path::To::Type ["text"] ;     | if option(name [= literal]) { steps } [else { steps } | else if ..]
//! ```

use proc_macro2::{Delimiter, Group, Ident, Punct, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{LitStr, Type};

use super::cursor::{Cursor, is_group, is_punct};
use super::{brackets, mistake, question};
use crate::report::Report;
use crate::text;
use crate::words;

/// In which way the steps of a block follow each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Sequential,
    Concurrent,
}

/// Which of the methods that bring arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    Each,
    Transform,
}

impl SourceKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::Transform => "transform",
        }
    }
}

pub(crate) struct Block {
    pub(crate) mode: Mode,
    pub(crate) text: Option<LitStr>,
    pub(crate) steps: Vec<Step>,
}

pub(crate) enum Step {
    Task {
        name: Ident,
        text: Option<LitStr>,
    },
    Block(Block),
    EachIn {
        item: Ident,
        list: Ident,
        text: Option<LitStr>,
        steps: Vec<Step>,
    },
    Source {
        kind: SourceKind,
        name: Ident,
        text: Option<LitStr>,
        steps: Vec<Step>,
    },
    Sub {
        process: Type,
        text: Option<LitStr>,
    },
    Choice {
        option: Ident,
        default: TokenStream,
        then: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// What stands around these steps could not be read, so nobody knows their arguments.
    Unclear(Vec<Step>),
}

/// The outermost block of a process.
pub(crate) fn outermost(words: &Ident, stream: TokenStream, report: &mut Report) -> Option<Block> {
    let mut blocks = Vec::new();
    let mut strays: Vec<(Span, Step)> = Vec::new();
    let is_empty = is_empty(&stream);
    let mut cursor = Cursor::new(stream);
    if is_empty {
        report.error(words, "this process has no steps", "write `process! { seq { first_task; } }`");
        return None;
    }
    while let Some(start) = cursor.peek() {
        let span = start.span();
        match step(&mut cursor, report) {
            Some(Step::Block(block)) => blocks.push((span, block)),
            Some(step) => strays.push((span, step)),
            None => {}
        }
    }
    if let Some((span, _)) = strays.first() {
        let help = "put all steps into `seq { .. }` (one after the other) or `par { .. }` (at the same time)";
        report.at(*span, "this step stands in no block", help);
    } else if let Some((span, _)) = blocks.get(1) {
        let words: Vec<&str> = blocks.iter().map(|(_, block)| word(block.mode)).collect();
        let inner: Vec<String> = words.iter().map(|word| format!("{word} {{ .. }}")).collect();
        let help = format!("put them into one: `seq {{ {} }}`", inner.join(" "));
        report.at(*span, "a process has one outermost block", help);
    }
    if strays.is_empty() && blocks.len() == 1 {
        return blocks.pop().map(|(_, block)| block);
    }
    let steps = blocks.into_iter().map(|(_, block)| Step::Block(block));
    let steps = steps.chain(strays.into_iter().map(|(_, step)| step)).collect();
    Some(Block { mode: Mode::Sequential, text: None, steps })
}

/// Whether there are no steps in it.
pub(crate) fn is_empty(steps: &TokenStream) -> bool {
    steps.clone().into_iter().all(|tree| is_punct(&tree, ';'))
}

fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Sequential => "seq",
        Mode::Concurrent => "par",
    }
}

/// The steps of a block, or those behind `builder =>`.
pub(crate) fn steps(stream: TokenStream, report: &mut Report) -> Vec<Step> {
    let mut cursor = Cursor::new(stream);
    let mut steps = Vec::new();
    while !cursor.is_empty() {
        steps.extend(step(&mut cursor, report));
    }
    steps
}

fn step(cursor: &mut Cursor, report: &mut Report) -> Option<Step> {
    if cursor.punct(';') {
        return None;
    }
    let Some(word) = cursor.ident() else {
        let inner = mistake::no_step(cursor, report)?;
        return Some(Step::Unclear(steps(inner, report)));
    };
    let spelled = word.to_string();
    match spelled.as_str() {
        "seq" => block(cursor, &word, Mode::Sequential, report),
        "par" => block(cursor, &word, Mode::Concurrent, report),
        "each" => each(cursor, &word, report),
        "transform" => source(cursor, &word, SourceKind::Transform, report),
        "sub" => sub(cursor, &word, report),
        "if" => choice(cursor, &word, report),
        "else" => {
            report.error(&word, "`else` stands behind no `if`", "write `if option(name) { .. } else { .. }`");
            cursor.group(Delimiter::Brace).map(|group| Step::Unclear(steps(group.stream(), report)))
        }
        _ if cursor.peek_punct('!')
            || mistake::is_keyword(&word) && words::block_meant(&spelled).is_none() =>
        {
            mistake::rust(cursor, &word, report);
            None
        }
        _ if mistake::is_block(cursor) || question::is_question(&word, cursor) => {
            unknown_block(cursor, &word, report)
        }
        _ => task(cursor, word, report),
    }
}

fn block(cursor: &mut Cursor, word: &Ident, mode: Mode, report: &mut Report) -> Option<Step> {
    let (text, steps) = body(cursor, &word.to_string(), word, report)?;
    Some(Step::Block(Block { mode, text, steps }))
}

/// `["text"] { steps }` behind `start`; nothing when there is no such thing.
fn body(
    cursor: &mut Cursor,
    start: &str,
    place: &impl ToTokens,
    report: &mut Report,
) -> Option<(Option<LitStr>, Vec<Step>)> {
    let text = mistake::description(cursor, report);
    let inner = match cursor.group(Delimiter::Brace) {
        Some(group) => group.stream(),
        None => brackets::other_brackets(cursor, start, place, report)?,
    };
    let empty = is_empty(&inner);
    let steps = steps(inner, report);
    if empty {
        let help = format!("give it one, as in `{start} {{ first_task; }}`, or leave `{start}` out");
        report.error(place, "this block has no steps", help);
        return None;
    }
    Some((text, steps))
}

/// The block behind words that could not be read, where there is one.
fn unclear(cursor: &mut Cursor, report: &mut Report) -> Option<Step> {
    mistake::description(cursor, report);
    let group = cursor.group(Delimiter::Brace)?;
    Some(Step::Unclear(steps(group.stream(), report)))
}

fn task(cursor: &mut Cursor, name: Ident, report: &mut Report) -> Option<Step> {
    let name = mistake::called(cursor, name, report, &|name| format!("{name};"))?;
    let text = mistake::description(cursor, report);
    mistake::end(cursor, &name.to_string(), &name, report);
    Some(Step::Task { name, text })
}

fn each(cursor: &mut Cursor, word: &Ident, report: &mut Report) -> Option<Step> {
    if mistake::parenthesised(cursor, word, report) {
        return unclear(cursor, report);
    }
    let is_end = |tree: &TokenTree| is_group(tree, Delimiter::Brace) || is_punct(tree, ';');
    let is_in = |tree: &TokenTree| matches!(tree, TokenTree::Ident(word) if *word == "in");
    if let Some((item, list)) = mistake::no_in(cursor, report) {
        elements(cursor, word, item, list, report)
    } else if cursor.find(|tree| is_in(tree) || is_end(tree)).is_some_and(is_in) {
        each_in(cursor, word, report)
    } else {
        source(cursor, word, SourceKind::Each, report)
    }
}

/// `each x in list { .. }`
fn each_in(cursor: &mut Cursor, word: &Ident, report: &mut Report) -> Option<Step> {
    let pattern = cursor.until(|tree| matches!(tree, TokenTree::Ident(word) if *word == "in"));
    cursor.next();
    let item = match pattern.as_slice() {
        [TokenTree::Ident(item)] if item != "_" => Some(item.clone()),
        [] => {
            report.error(word, "a name is missing behind `each`", "write `each item in list { .. }`");
            None
        }
        _ => {
            let place: TokenStream = pattern.iter().cloned().collect();
            let fact = format!("`{}` is no name: an element becomes one argument", text::of(&place));
            report.error(&place, fact, "write `each item in list { .. }`");
            None
        }
    };
    // `0..3` is no description.
    let is_end =
        |tree: &TokenTree| is_group(tree, Delimiter::Brace) || is_string(tree) || is_punct(tree, ';');
    let list = cursor.until(is_end);
    let list_name = match list.as_slice() {
        [TokenTree::Ident(name)] => Some(name.clone()),
        [] => {
            report.error(word, "`each .. in` names no list", "write `each item in list { .. }`");
            None
        }
        [TokenTree::Ident(name), rest @ ..] if matches!(rest.first(), Some(TokenTree::Ident(_))) => {
            let start = format!("each {} in {name}", item.as_ref().map_or("item".into(), Ident::to_string));
            brackets::no_braces(cursor, &start, rest, report);
            None
        }
        [first, ..] => {
            let place: TokenStream = list.iter().cloned().collect();
            let help = match first {
                TokenTree::Ident(name) if name != "self" => {
                    format!("write `in {name}`, or compute the items in an `#[each]` method")
                }
                _ => "compute the items in an `#[each]` method".to_owned(),
            };
            report.error(&place, "behind `in` stands the name of a list argument, nothing else", help);
            None
        }
    };
    let (Some(item), Some(list)) = (item, list_name) else { return unclear(cursor, report) };
    elements(cursor, word, item, list, report)
}

fn elements(
    cursor: &mut Cursor,
    word: &Ident,
    item: Ident,
    list: Ident,
    report: &mut Report,
) -> Option<Step> {
    let start = format!("each {item} in {list}");
    let place: TokenStream = [word, &item, &list].into_iter().map(ToTokens::to_token_stream).collect();
    let (text, steps) = body(cursor, &start, &place, report)?;
    Some(Step::EachIn { item, list, text, steps })
}

/// `each source { .. }` and `transform source { .. }`
fn source(cursor: &mut Cursor, word: &Ident, kind: SourceKind, report: &mut Report) -> Option<Step> {
    let Some(name) = mistake::name(cursor, word, &format!("write `{} method {{ .. }}`", kind.word()), report)
    else {
        return unclear(cursor, report);
    };
    let name = mistake::called(cursor, name, report, &|name| format!("{} {name} {{ .. }}", kind.word()))?;
    let start = format!("{} {name}", kind.word());
    let place: TokenStream = [word, &name].into_iter().map(ToTokens::to_token_stream).collect();
    let (text, steps) = body(cursor, &start, &place, report)?;
    Some(Step::Source { kind, name, text, steps })
}

/// `sub path::To::Type ["text"];`
fn sub(cursor: &mut Cursor, word: &Ident, report: &mut Report) -> Option<Step> {
    let is_end = |tree: &TokenTree| is_group(tree, Delimiter::Brace) || is_text(tree) || is_punct(tree, ';');
    let path: TokenStream = cursor.until(is_end).into_iter().collect();
    if path.is_empty() {
        let fact = "`sub` names no process";
        match cursor.string() {
            Some(text) => report.error(&text, fact, format!("write `sub {};`", text.value())),
            None => {
                let help = "write `sub OtherProcess;`, or `r#sub;` for a task that is called `sub`";
                report.error(word, fact, help);
            }
        }
        cursor.group(Delimiter::Brace);
        return None;
    }
    let Ok(process @ Type::Path(_)) = syn::parse2::<Type>(path.clone()) else {
        let (fact, help) = mistake::no_process(&path);
        report.error(&path, fact, help);
        mistake::description(cursor, report);
        cursor.group(Delimiter::Brace);
        return None;
    };
    let text = mistake::description(cursor, report);
    let start = format!("sub {}", text::of(&process));
    if let Some(group) = cursor.group(Delimiter::Brace) {
        report.at(group.span_open(), format!("`{start}` has steps of its own"), format!("write `{start};`"));
        return None;
    }
    mistake::end(cursor, &start, &process, report);
    Some(Step::Sub { process, text })
}

/// `if option(name [= literal]) { .. } [else ..]`
fn choice(cursor: &mut Cursor, word: &Ident, report: &mut Report) -> Option<Step> {
    let question = cursor.until(|tree| is_group(tree, Delimiter::Brace) || is_punct(tree, ';'));
    let asked = question::question(word, &question, cursor, report);
    let then = match cursor.group(Delimiter::Brace) {
        Some(group) => branch(&group, report),
        None if asked.is_none() => return None,
        None => {
            report.error(word, "this `if` has no steps", "write `if option(name) { .. }`");
            return None;
        }
    };
    let mut otherwise = Vec::new();
    if let Some(next) = question::else_if(cursor, report) {
        otherwise.extend(choice(cursor, &next, report));
    } else if cursor.peek_word("else")
        && let Some(word) = cursor.ident()
    {
        match cursor.peek() {
            Some(TokenTree::Ident(next)) if *next == "if" => {
                let next = next.clone();
                cursor.next();
                otherwise.extend(choice(cursor, &next, report));
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let group = group.clone();
                cursor.next();
                otherwise = branch(&group, report);
            }
            _ => report.error(&word, "this `else` has no steps", "write `else { .. }`"),
        }
    }
    match asked {
        Some((option, default)) => Some(Step::Choice { option, default, then, otherwise }),
        None => Some(Step::Unclear(then.into_iter().chain(otherwise).collect())),
    }
}

fn branch(group: &Group, report: &mut Report) -> Vec<Step> {
    if is_empty(&group.stream()) {
        report.at(group.span_open(), "this block has no steps", "give it one, as in `{ first_task; }`");
    }
    steps(group.stream(), report)
}

/// `sequence { .. }`, `for x in xs { .. }`: told, and then read as what was meant.
fn unknown_block(cursor: &mut Cursor, word: &Ident, report: &mut Report) -> Option<Step> {
    let meant = words::block_meant(&word.unraw().to_string());
    let help = match meant {
        Some("if") => "write `if option(name) { .. } else { .. }`".to_owned(),
        Some(better) => format!("did you mean `{better}`?"),
        None => format!("blocks are {}", text::list(&["seq", "par", "each", "transform", "if"], "and")),
    };
    report.error(word, format!("there is no block `{word}`"), help);
    match meant {
        // `loop { .. }`: nobody knows over what.
        Some("each" | "transform") if cursor.peek_group(Delimiter::Brace).is_some() => {
            unclear(cursor, report)
        }
        Some("seq") => block(cursor, word, Mode::Sequential, report),
        Some("par") => block(cursor, word, Mode::Concurrent, report),
        Some("each") => each(cursor, word, report),
        Some("transform") => source(cursor, word, SourceKind::Transform, report),
        _ => {
            cursor.until(|tree| is_group(tree, Delimiter::Brace) || is_punct(tree, '<') || is_text(tree));
            body(cursor, &word.to_string(), word, report).map(|(_, steps)| Step::Unclear(steps))
        }
    }
}

fn is_string(tree: &TokenTree) -> bool {
    syn::parse2::<LitStr>(tree.to_token_stream()).is_ok()
}

pub(super) fn is_text(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Literal(_))
}

pub(super) fn is_dot(punct: &Punct) -> bool {
    matches!(punct.as_char(), '.' | ':')
}
