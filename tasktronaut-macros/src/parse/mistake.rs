//! What people write instead of a step, and how they get it right.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::LitStr;
use syn::ext::IdentExt;

use super::cursor::{Cursor, is_group, is_punct};
use super::graph::{is_dot, is_text};
use crate::report::Report;
use crate::text;
use crate::words;

/// Neither a name nor a word begins here: goes on behind the next `;` or block, or with what is meant.
pub(super) fn no_step(cursor: &mut Cursor, report: &mut Report) -> Option<TokenStream> {
    if let (Some(text), Some(TokenTree::Ident(next))) = (cursor.peek_string(), cursor.second()) {
        let (next, end) = (next.unraw(), if is_word(next) { " { .. }" } else { ";" });
        let help = format!("write `{next} {}{end}`", text::of(&text));
        report.error(&text, "a description stands behind its step", help);
        cursor.next();
        return None;
    }
    if let (true, Some(TokenTree::Group(words))) = (cursor.peek_punct('#'), cursor.second()) {
        let fact = "a step has no attributes and no documentation";
        report.error(words, fact, "write a comment, `// ..`, or a description: `first_task \"..\";`");
        cursor.next();
        cursor.next();
        return None;
    }
    if let Some(group) = cursor.group(Delimiter::Brace) {
        let help = "write `seq { .. }` (one after the other) or `par { .. }` (at the same time)";
        report.at(group.span_open(), "a word is missing before this block", help);
        return Some(group.stream());
    }
    let mut wrong = cursor.until(|tree| is_punct(tree, ';') || is_group(tree, Delimiter::Brace));
    if wrong.is_empty() {
        wrong.extend(cursor.next());
    }
    let wrong: TokenStream = wrong.into_iter().collect();
    if wrong.to_string() == "," {
        report.error(&wrong, "steps are not separated by commas", "leave `,` out, or write `;`");
    } else {
        report.error(
            &wrong,
            format!("`{}` is no step", text::of(&wrong).trim()),
            "a step is the name of a task: `first_task;`",
        );
    }
    None
}

/// `let x = 5;`, `match x { .. }`, `println!(..)`: Rust, of which nothing is understood.
pub(super) fn rust(cursor: &mut Cursor, word: &Ident, report: &mut Report) {
    let rest = cursor.until(|tree| is_punct(tree, ';') || is_group(tree, Delimiter::Brace));
    cursor.group(Delimiter::Brace);
    let mut wrong = word.to_token_stream();
    wrong.extend(rest);
    let fact = format!("`{}` is no step", text::of(&wrong).trim());
    let help = format!(
        "a step is the name of a task: `first_task;`; blocks are {}",
        text::list(&["seq", "par", "each", "transform", "if"], "and")
    );
    report.error(&wrong, fact, help);
}

/// A word that Rust keeps for itself, or `_`.
pub(super) fn is_keyword(word: &Ident) -> bool {
    syn::parse2::<Ident>(word.to_token_stream()).is_err()
        && word != "self"
        && word != "Self"
        && word != "crate"
}

/// The end of a step that has no block.
pub(super) fn end(cursor: &mut Cursor, step: &str, place: &impl ToTokens, report: &mut Report) {
    if cursor.is_empty() || cursor.punct(';') {
        return;
    }
    let help = format!("write `{step};`");
    match cursor.peek() {
        Some(TokenTree::Punct(punct)) if punct.as_char() == ',' => {
            report.error(punct, "a step ends with `;`", help);
            cursor.next();
        }
        Some(TokenTree::Ident(next)) if *next == "as" || *next == "with" => after(cursor, step, report),
        Some(TokenTree::Ident(_)) if cursor.second().is_some_and(|next| is_punct(next, '!')) => {
            after(cursor, step, report);
        }
        Some(TokenTree::Ident(_)) => report.error(place, format!("`;` is missing behind `{step}`"), help),
        _ => after(cursor, step, report),
    }
}

fn after(cursor: &mut Cursor, step: &str, report: &mut Report) {
    let wrong = cursor.until(|tree| is_punct(tree, ';'));
    let meant = wrong.iter().position(|tree| !matches!(tree, TokenTree::Punct(_)));
    let help = match meant.map(|first| &wrong[first..]) {
        Some([TokenTree::Ident(next)]) if meant != Some(0) => format!("write `{step}; {next};`"),
        Some([TokenTree::Literal(text)]) => format!("write `{step} {text};`"),
        _ => format!("write `{step};`"),
    };
    let wrong: TokenStream = wrong.into_iter().collect();
    report.error(&wrong, format!("`{}` cannot stand here", text::of(&wrong).trim()), help);
    cursor.punct(';');
}

/// The name of a task or source, when it is not written as a call.
pub(super) fn called(
    cursor: &mut Cursor,
    name: Ident,
    report: &mut Report,
    written: &dyn Fn(&Ident) -> String,
) -> Option<Ident> {
    let mut name = name;
    let mut place: TokenStream = name.to_token_stream();
    let mut qualified = false;
    while let Some(TokenTree::Punct(punct)) = cursor.peek() {
        let is_colon = punct.as_char() == ':' && !matches!(cursor.second(), Some(TokenTree::Punct(_)));
        if !is_dot(punct) || (is_colon && !qualified) {
            break;
        }
        place.extend(cursor.next());
        qualified = true;
        if let Some(next) = cursor.ident() {
            place.extend(next.to_token_stream());
            if next != "await" {
                name = next;
            }
        }
    }
    let called = cursor.group(Delimiter::Parenthesis);
    place.extend(called.iter().map(ToTokens::to_token_stream));
    while qualified || called.is_some() {
        match cursor.peek() {
            Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '.' | '?') => {
                place.extend(cursor.next());
            }
            Some(TokenTree::Ident(ident)) if *ident == "await" => place.extend(cursor.next()),
            _ => break,
        }
    }
    if called.is_some() {
        let fact = "a step is named, not called: its arguments are found by their names";
        report.error(&place, fact, format!("write `{}`", written(&name)));
    } else if qualified {
        let fact = format!("`{}` is not the name of a method of this impl", text::of(&place));
        let help = if name == "self" || name == "Self" {
            "write the method's name alone".to_owned()
        } else {
            format!("write `{}`", written(&name))
        };
        report.error(&place, fact, help);
    }
    let half = name == "self" || name == "Self";
    (!half || !qualified).then_some(name)
}

/// The description behind a step or a block.
pub(super) fn description(cursor: &mut Cursor, report: &mut Report) -> Option<LitStr> {
    let text = cursor.string();
    while let Some(literal) = cursor.literal() {
        let fact = if text.is_some() { "a second description" } else { "a description is a string" };
        let help = match &text {
            Some(_) => "keep one of them".to_owned(),
            None => format!("write `\"{}\"`", text::of(&literal).trim_matches('\'')),
        };
        report.error(&literal, fact, help);
    }
    text
}

/// A name behind a word such as `each`.
pub(super) fn name(cursor: &mut Cursor, word: &Ident, help: &str, report: &mut Report) -> Option<Ident> {
    if let Some(name) = cursor.ident() {
        return Some(name);
    }
    let is_end = |tree: &TokenTree| is_group(tree, Delimiter::Brace) || is_punct(tree, ';') || is_text(tree);
    let wrong: TokenStream = cursor.until(is_end).into_iter().collect();
    if wrong.is_empty() {
        report.error(word, format!("a name is missing behind `{word}`"), help);
    } else {
        report.error(&wrong, format!("`{}` is no name", text::of(&wrong)), help);
    }
    None
}

/// `sub Cover(album);` and other things that are no type: the fact and the help.
pub(super) fn no_process(path: &TokenStream) -> (&'static str, String) {
    let mut words: Vec<TokenTree> = path.clone().into_iter().collect();
    let called = words.pop_if(|last| is_group(last, Delimiter::Parenthesis)).is_some();
    let before: TokenStream = words.into_iter().collect();
    if called && syn::parse2::<syn::TypePath>(before.clone()).is_ok() {
        let fact = "a process is named, not called: its arguments are found by their names";
        return (fact, format!("write `sub {};`", text::of(&before)));
    }
    ("`sub` takes the type of a process", "write `sub OtherProcess;`".to_owned())
}

/// `each (path in photos) { .. }`: the block.
pub(super) fn parenthesised(cursor: &mut Cursor, word: &Ident, report: &mut Report) -> bool {
    let is_in = |tree: TokenTree| matches!(tree, TokenTree::Ident(word) if word == "in");
    let Some(group) = cursor.peek_group(Delimiter::Parenthesis).cloned() else { return false };
    if !group.stream().into_iter().any(is_in) {
        return false;
    }
    cursor.next();
    let help = format!("write `{word} {} {{ .. }}`", text::of(&group.stream()));
    report.error(&group, format!("behind `{word}` stand no parentheses"), help);
    true
}

/// `each x of list { .. }`, `each list as x { .. }`: the element and the list.
pub(super) fn no_in(cursor: &mut Cursor, report: &mut Report) -> Option<(Ident, Ident)> {
    let words = cursor.ahead().map_while(|tree| match tree {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    let words: Vec<Ident> = words.cloned().collect();
    if let [item, list] = words.as_slice()
        && !is_word(list)
        && opens_block(cursor.ahead().nth(2))
    {
        let (item, list) = (item.clone(), list.clone());
        cursor.until(|tree| !matches!(tree, TokenTree::Ident(_)));
        let help = format!("write `each {item} in {list} {{ .. }}`");
        report.error(&list, "between an element and its list stands `in`", help);
        return Some((item, list));
    }
    let [first, other, second] = words.as_slice() else { return None };
    if other == "in" {
        return None;
    }
    let (item, list) = if other == "as" { (second, first) } else { (first, second) };
    let help = format!("write `each {item} in {list} {{ .. }}`");
    report.error(other, "between an element and its list stands `in`", help);
    cursor.until(|tree| !matches!(tree, TokenTree::Ident(_)));
    Some((item.clone(), list.clone()))
}

/// A name that is followed by what can only be a block.
pub(super) fn is_block(cursor: &Cursor) -> bool {
    let is_in = matches!(cursor.second(), Some(TokenTree::Ident(word)) if *word == "in");
    let named = matches!(cursor.peek(), Some(TokenTree::Literal(_) | TokenTree::Ident(_)));
    let is_word = cursor.peek_ident().is_some_and(is_word);
    opens_block(cursor.peek())
        || cursor.peek_punct('<')
        || (named && (opens_block(cursor.second()) && !is_word || is_in))
}

/// `a⏎ seq { .. }` misses a `;`, it is no block `a seq { .. }`.
pub(super) fn is_word(ident: &Ident) -> bool {
    words::BLOCKS.iter().any(|word| ident == word)
}

/// Here ends a step.
pub(super) fn is_end(tree: &TokenTree) -> bool {
    is_punct(tree, ';') || is_group(tree, Delimiter::Brace)
}

/// A block begins here.
pub(super) fn opens_block(tree: Option<&TokenTree>) -> bool {
    tree.is_some_and(|tree| is_group(tree, Delimiter::Brace))
}
