//! Mistakes are all told, in plain words, and the user's own methods stay.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand;

/// The texts of all mistakes, and the expansion.
fn told(item: TokenStream) -> (Vec<String>, String) {
    let (expanded, report) = expand::generate(TokenStream::new(), item);
    (report.texts(), expanded.to_string())
}

fn graph(steps: &TokenStream) -> Vec<String> {
    let (texts, expanded) = told(quote! {
        impl Album {
            fn define_process(album: String, photos: Vec<String>) { process! { #steps } }
            #[task]
            fn resize(&self, album: String) { MARK }
            #[task]
            fn watermark(&self) {}
            #[each]
            fn items(&self) -> Vec<Item> { Vec::new() }
        }
    });
    assert!(expanded.contains("MARK"), "the user's own methods stay");
    assert!(!expanded.contains("process !"), "{expanded}");
    for text in &texts {
        let mut lines = text.lines();
        let fact = lines.next().unwrap_or_default();
        let help = lines.next().unwrap_or_default();
        assert!(!fact.ends_with('.') && !fact.starts_with(char::is_uppercase), "{fact}");
        assert!(help.starts_with("help: ") && !help.ends_with('.'), "{text}");
        for word in ["macro", "token", "internal"] {
            assert!(!text.contains(word), "{text}");
        }
    }
    texts
}

fn facts(steps: &TokenStream) -> Vec<String> {
    graph(steps).iter().filter_map(|text| text.lines().next()).map(str::to_owned).collect()
}

#[test]
fn what_is_right_has_no_mistakes() {
    let none: [&str; 0] = [];
    assert_eq!(facts(&quote!(seq { resize; par "text" { resize "a"; watermark } })), none);
    assert_eq!(
        facts(&quote!(par { each photo in photos { watermark; }; each items "x" { watermark } })),
        none
    );
    assert_eq!(facts(&quote!(seq { sub a::B<u8> "text"; sub ::c::D })), none);
    let chain = quote!(if option(a = -1.5) {
        resize
    } else if option(b) {
        resize
    } else {
        watermark
    });
    assert_eq!(facts(&quote!(seq { #chain })), none);
}

#[test]
fn three_mistakes_are_three_errors() {
    let steps = quote!(seq { rezise; par { 42; watermark } each phots { resize; } });
    assert_eq!(
        facts(&steps),
        [
            "`42` is no step",
            "no task named `rezise` in this process",
            "no `#[each]` method named `phots` in this process",
        ]
    );
}

#[test]
fn half_typed_steps_leave_the_others() {
    assert_eq!(facts(&quote!(seq { resize water; })).len(), 2);
    assert_eq!(facts(&quote!(seq { each })), ["a name is missing behind `each`"]);
    assert_eq!(facts(&quote!(seq { each photo in })), ["`each .. in` names no list"]);
    assert_eq!(facts(&quote!(seq { sub })), ["`sub` names no process"]);
    assert_eq!(facts(&quote!(seq { if })), ["`if` asks for an option of the process, nothing else"]);
    assert_eq!(facts(&quote!(seq)), ["`seq` has no steps"]);
    assert_eq!(
        facts(&quote!(seq { self. ; resize }))[..1],
        ["`self.` is not the name of a method of this impl"]
    );
}

#[test]
fn nothing_can_make_it_panic() {
    let words = ["seq", "each", "in", "sub", "if", "else", "option", "resize", "<", ">", ";", ",", "."];
    let groups = ["{", "(", "["];
    // A small generator of nonsense: every pair and triple of words, alone and in every kind of bracket.
    for first in words {
        for second in words {
            for third in ["resize", "{ resize; }", "\"text\"", "(a = 1)"] {
                let line = format!("{first} {second} {third}");
                for open in groups {
                    let close = match open {
                        "{" => "}",
                        "(" => ")",
                        _ => "]",
                    };
                    for text in
                        [format!("seq {{ {line} }}"), format!("{first} {open} {second} {third} {close}")]
                    {
                        let Ok(steps) = text.parse::<TokenStream>() else { continue };
                        graph(&steps);
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_no_impl_block_stays() {
    let (texts, expanded) = told(quote!(
        struct Album {
            name: String,
        }
    ));
    assert_eq!(texts.len(), 1);
    assert!(expanded.contains("struct Album"));
    let (texts, expanded) = told(quote!(impl Album { #[task(retries = 3)] fn resize(&self) }));
    assert_eq!(texts.len(), 1, "{expanded}");
    assert!(expanded.contains("fn resize") && !expanded.contains("# [task"), "{expanded}");
}

#[test]
fn what_cannot_be_read_is_left_to_the_compiler_but_never_left_out() {
    let (texts, expanded) = told(quote! {
        impl Album {
            fn define_process() { process! { seq { show; resize; } } }
            #[task]
            fn show(&self, name: ) {}
            #[task]
            fn resize(&self) {}
        }
    });
    assert!(texts.is_empty(), "{texts:?}");
    assert!(expanded.contains("cannot read this") && expanded.contains("task_at (0"), "{expanded}");
    assert!(expanded.contains("fn show (& self , name :)"), "{expanded}");
}

#[test]
fn a_wrong_task_is_told_once() {
    let (texts, _) = told(quote! {
        impl Album {
            fn define_process() { process! { seq { show; par { show; } } } }
            #[task(retrys = 3)]
            fn show(&self, name: &str) {}
        }
    });
    assert_eq!(texts.len(), 2, "{texts:?}");
}
