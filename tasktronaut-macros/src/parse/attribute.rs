//! The options in `#[process(..)]`, `#[task(..)]`, `#[each(..)]` and `#[transform(..)]`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{LitInt, LitStr, Path};

use super::duration;
use crate::report::Report;
use crate::suggest::nearest;
use crate::text;
use crate::words::{Kind, Word, option_meant};

/// What an attribute says; options that it does not know stay empty.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) description: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) retries: Option<LitInt>,
    pub(crate) backoff: Option<u64>,
    pub(crate) timeout: Option<u64>,
    pub(crate) queue: Option<LitStr>,
    pub(crate) priority: Option<LitInt>,
    pub(crate) finish_siblings: bool,
    pub(crate) extend: bool,
    pub(crate) crate_path: Option<Path>,
}

/// Reads the options of `attribute` (its name, for the messages), of which `words` exist.
pub(crate) fn options(
    attribute: &str,
    words: &'static [Word],
    tokens: TokenStream,
    report: &mut Report,
) -> Options {
    let mut options = Options::default();
    let mut seen: Vec<String> = Vec::new();
    for setting in split(tokens) {
        let Some(word) = known(attribute, words, &setting, report) else { continue };
        if seen.iter().any(|name| name == word.name) {
            report.error(&setting[0], format!("`{}` is given twice", word.name), "keep one of them");
            continue;
        }
        seen.push(word.name.to_owned());
        if set(&mut options, word, &setting, report).is_none() {
            let place: TokenStream = setting.iter().cloned().collect();
            let takes = match word.kind {
                Kind::Flag => "no value",
                Kind::Integer => "a whole number from -32768 to 32767",
                Kind::Path => "a path that begins with `::` or `crate`",
                Kind::Text => "a string",
                Kind::Whole => "a whole number",
                Kind::Duration => "a whole number with a unit (`ms`, `s`, `m`, `h` or `d`) in a string",
            };
            report.error(
                &place,
                format!("`{}` takes {takes}", word.name),
                format!("write `{}`", word.example),
            );
        }
    }
    options
}

/// The settings between the commas.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut settings = vec![Vec::new()];
    for tree in tokens {
        match &tree {
            TokenTree::Punct(punct) if punct.as_char() == ',' => settings.push(Vec::new()),
            _ => {
                if let Some(setting) = settings.last_mut() {
                    setting.push(tree);
                }
            }
        }
    }
    settings.retain(|setting| !setting.is_empty());
    settings
}

fn known(
    attribute: &str,
    words: &'static [Word],
    setting: &[TokenTree],
    report: &mut Report,
) -> Option<&'static Word> {
    let place: TokenStream = setting.iter().cloned().collect();
    let TokenTree::Ident(name) = &setting[0] else {
        let fact = format!("`{}` is no option of `#[{attribute}]`", text::of(&place));
        let help = match syn::parse2::<LitStr>(place.clone()) {
            Ok(string) => format!("write `description = {}`", text::of(&string)),
            Err(_) => all(words),
        };
        report.error(&place, fact, help);
        return None;
    };
    let spelled = name.to_string();
    let of_name = |name: &str| words.iter().find(|word| word.name == name);
    if let Some(found) = of_name(&spelled) {
        return Some(found);
    }
    let meant = option_meant(&spelled).or_else(|| nearest(&spelled, words.iter().map(|word| word.name)));
    let meant = meant.and_then(of_name);
    let help = meant.map_or_else(|| all(words), |better| format!("did you mean `{}`?", better.name));
    report.error(name, format!("`#[{attribute}]` has no option `{spelled}`"), help);
    // Without it there would be more to tell, of which nothing is true.
    meant.filter(|word| word.kind == Kind::Flag)
}

fn all(words: &[Word]) -> String {
    let names: Vec<&str> = words.iter().map(|word| word.name).collect();
    format!("its options are {}", text::list(&names, "and"))
}

/// Stores the value; nothing when it is not what the option takes. Better advice is told right here.
fn set(options: &mut Options, word: &Word, setting: &[TokenTree], report: &mut Report) -> Option<()> {
    if word.kind == Kind::Flag {
        match word.name {
            "extend" => options.extend = true,
            _ => options.finish_siblings = true,
        }
        return (setting.len() == 1).then_some(());
    }
    let [_, TokenTree::Punct(equals), value @ ..] = setting else { return None };
    if equals.as_char() != '=' || value.is_empty() {
        return None;
    }
    if let Some(place) = missing_comma(value) {
        let value: TokenStream = value[..1].iter().cloned().collect();
        let (before, next) = (format!("{} = {}", word.name, text::of(&value)), place.unraw());
        report.error(
            place,
            format!("a comma is missing before `{next}`"),
            format!("write `{before}, {next}`"),
        );
        return Some(());
    }
    let place: TokenStream = value.iter().cloned().collect();
    match word.kind {
        Kind::Text => {
            let value: LitStr = syn::parse2(place).ok()?;
            match word.name {
                "name" => options.name = Some(wire_name(word, value, report)),
                "queue" => options.queue = Some(wire_name(word, value, report)),
                _ => options.description = Some(value),
            }
        }
        Kind::Whole => {
            let value: LitInt = syn::parse2(place).ok()?;
            value.base10_parse::<u32>().ok()?;
            options.retries = value.suffix().is_empty().then_some(value);
            options.retries.as_ref()?;
        }
        Kind::Integer => {
            let value: LitInt = syn::parse2(place).ok()?;
            value.base10_parse::<i16>().ok()?;
            options.priority = value.suffix().is_empty().then_some(value);
            options.priority.as_ref()?;
        }
        Kind::Path => {
            let path: Path = syn::parse2(place).ok()?;
            let first = &path.segments.first()?.ident;
            let absolute = path.leading_colon.is_some() || first == "crate" || first == "$crate";
            options.crate_path = absolute.then_some(path);
            options.crate_path.as_ref()?;
        }
        Kind::Duration => {
            let value = milliseconds(word, &place, report)?;
            match word.name {
                "timeout" => options.timeout = value.time,
                _ => options.backoff = value.time,
            }
        }
        Kind::Flag => {}
    }
    Some(())
}

/// `retries = 3 timeout = ".."`: the word that begins the next setting.
fn missing_comma(value: &[TokenTree]) -> Option<&Ident> {
    match value {
        [TokenTree::Literal(_), TokenTree::Ident(next), ..] => Some(next),
        _ => None,
    }
}

/// A duration in milliseconds; none when the mistake is told already.
struct Time {
    time: Option<u64>,
}

/// The duration, or nothing when the words have nothing of one.
fn milliseconds(word: &Word, value: &TokenStream, report: &mut Report) -> Option<Time> {
    let written = match syn::parse2::<LitStr>(value.clone()) {
        Ok(string) => string.value(),
        Err(_) => text::of(value),
    };
    let is_string = syn::parse2::<LitStr>(value.clone()).is_ok();
    let help = |better: &str| format!("write `{} = \"{better}\"`", word.name);
    match duration::milliseconds(&written) {
        Ok(0) if word.name == "timeout" => {
            report.error(value, "a timeout of nothing lets nothing happen", help("30s"));
            Some(Time { time: None })
        }
        Ok(time) if is_string => Some(Time { time: Some(time) }),
        Ok(_) => {
            report.error(value, format!("`{written}` is no string"), help(&written));
            Some(Time { time: None })
        }
        Err(Some(better)) => {
            report.error(value, format!("`{written}` is no duration"), help(&better));
            Some(Time { time: None })
        }
        Err(None) => None,
    }
}

/// The name of a process or a queue goes over the wire.
fn wire_name(word: &Word, name: LitStr, report: &mut Report) -> LitStr {
    let value = name.value();
    if value.is_empty() {
        report.error(
            &name,
            format!("`{}` is empty here", word.name),
            format!("write `{}`, or leave it out", word.example),
        );
        return name;
    }
    let right = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-');
    if value.len() > 128 || !value.chars().all(right) {
        let better: String = value.chars().map(|c| if right(c) { c } else { '-' }).take(128).collect();
        report.error(
            &name,
            format!("`{value}` is no name: at most 128 letters, digits, `_`, `.`, `:` and `-`"),
            format!("write `{} = \"{better}\"`", word.name),
        );
    }
    name
}
