//! What people write instead of a step, and how they get it right.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Lit, LitStr};

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

/// `let x = 5;`, `match x { .. }`: Rust, of which nothing is understood.
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

/// `seq < a; b >`, `seq(a; b)` and `seq[a; b]`: the steps inside. Without any of them nothing stands there.
pub(super) fn other_brackets(
    cursor: &mut Cursor,
    start: &str,
    place: &impl ToTokens,
    report: &mut Report,
) -> Option<TokenStream> {
    let (wrong, inner) = match cursor.peek() {
        Some(TokenTree::Punct(open)) if open.as_char() == '<' => {
            let (wrong, inner) = angle(cursor);
            (wrong, Some(inner))
        }
        Some(TokenTree::Group(group)) => {
            let group = group.clone();
            cursor.next();
            (group.to_token_stream(), Some(group.stream()))
        }
        // `seq: a, b`, `seq => { a; }`, `par async { a; }`
        Some(TokenTree::Punct(punct)) if !matches!(punct.as_char(), ';' | ',') => stray(cursor),
        Some(TokenTree::Ident(word)) if !is_word(word) && opens_block(cursor.second()) => stray(cursor),
        _ => {
            report.error(
                place,
                format!("`{start}` has no steps"),
                format!("write `{start} {{ first_task; }}`"),
            );
            cursor.punct(';');
            return None;
        }
    };
    let steps = inner.as_ref().map_or_else(|| "first_task;".to_owned(), text::of);
    report.error(
        &wrong,
        "the steps of a block stand in braces",
        format!("write `{start} {{ {} }}`", steps.trim()),
    );
    inner
}

/// What stands before the braces, and what is in them; without braces all the rest, of which nobody knows where it
/// belongs.
fn stray(cursor: &mut Cursor) -> (TokenStream, Option<TokenStream>) {
    let wrong = cursor.until(|tree| is_punct(tree, ';') || is_group(tree, Delimiter::Brace));
    let wrong: TokenStream = wrong.into_iter().collect();
    let steps = cursor.group(Delimiter::Brace).map(|group| group.stream());
    if steps.is_none() {
        cursor.until(|_| false);
    }
    (wrong, steps)
}

fn opens_block(tree: Option<&TokenTree>) -> bool {
    tree.is_some_and(|tree| is_group(tree, Delimiter::Brace))
}

/// `< a; par < b > >`, without the outer brackets; the inner ones become blocks, to be told once.
fn angle(cursor: &mut Cursor) -> (TokenStream, TokenStream) {
    let mut whole = TokenStream::new();
    whole.extend(cursor.next());
    let mut levels = vec![TokenStream::new()];
    while let Some(tree) = cursor.next() {
        whole.extend([tree.clone()]);
        if is_punct(&tree, '<') {
            levels.push(TokenStream::new());
        } else if is_punct(&tree, '>') {
            let inner = levels.pop().unwrap_or_default();
            match levels.last_mut() {
                Some(level) => level.extend(quote!({ #inner })),
                None => return (whole, inner),
            }
        } else if let Some(level) = levels.last_mut() {
            level.extend([tree]);
        }
    }
    (whole, levels.into_iter().collect())
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

/// `elseif option(..) { .. }`: the word, when it is there.
pub(super) fn else_if(cursor: &mut Cursor, report: &mut Report) -> Option<Ident> {
    let word = cursor.peek_ident().filter(|word| ["elseif", "elif", "elsif"].iter().any(|it| word == it));
    let word = word.cloned()?;
    cursor.next();
    report.error(&word, format!("there is no `{word}`"), "write `else if option(name) { .. }`");
    Some(word)
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
fn is_word(ident: &Ident) -> bool {
    words::BLOCKS.iter().any(|word| ident == word)
}

/// `option(name [= literal])` behind `if`.
pub(super) fn question(
    word: &Ident,
    question: &[TokenTree],
    report: &mut Report,
) -> Option<(Ident, TokenStream)> {
    let place: TokenStream = question.iter().cloned().collect();
    let [TokenTree::Ident(option), TokenTree::Group(asked)] = question else {
        let fact = "`if` asks for an option of the process, nothing else";
        match question {
            [] => report.error(word, fact, "write `if option(name) { .. }`"),
            [TokenTree::Ident(name)] => {
                report.error(&place, fact, format!("write `if option({name}) {{ .. }}`"));
            }
            [TokenTree::Punct(not), TokenTree::Ident(option), TokenTree::Group(asked)]
                if not.as_char() == '!' && option == "option" =>
            {
                let asked = text::of(&asked);
                let fact = "`!` cannot stand here: the other way round goes into `else`";
                report.error(&place, fact, format!("write `if option{asked} {{ .. }} else {{ .. }}`"));
            }
            _ => report.error(&place, fact, "write `if option(name) { .. }`"),
        }
        return None;
    };
    if option != "option" {
        let fact = "`if` asks for an option of the process, nothing else";
        report.error(&place, fact, format!("write `if option{} {{ .. }}`", text::of(asked)));
        return None;
    }
    let mut inner = Cursor::new(asked.stream());
    let Some(name) = inner.ident() else {
        let wrong = asked.stream();
        let help = match syn::parse2::<LitStr>(wrong.clone()) {
            Ok(string) => format!("write `option({})`", string.value()),
            Err(_) => "write `option(name)` or `option(name = true)`".to_owned(),
        };
        report.error(&place, "an option is asked for by its name", help);
        return None;
    };
    if inner.is_empty() {
        return Some((name, quote!(())));
    }
    let equals = inner.punct('=');
    let value: TokenStream = inner.until(|_| false).into_iter().collect();
    match syn::parse2::<Lit>(value.clone()) {
        Ok(Lit::Bool(_) | Lit::Int(_) | Lit::Float(_) | Lit::Str(_)) if equals => Some((name, value)),
        _ => {
            let place = if value.is_empty() { name.to_token_stream() } else { value };
            let name = name.unraw();
            report.error(
                &place,
                format!("the default of the option `{name}` is a bool, a number or a string"),
                format!("write `option({name} = true)`"),
            );
            None
        }
    }
}
