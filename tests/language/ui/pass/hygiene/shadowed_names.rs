//! Users may call their own types as they like.
#![allow(dead_code)]

use tasktronaut::prelude::{Context, TaskError, process};

mod std {}
mod core {}
mod alloc {}
struct Option;
struct Result;
struct Vec;
struct String;
struct Box;
struct Some;
struct None;
struct Ok;
struct Err;
struct Default;
struct Into;
struct Iterator;
struct Serialize;
struct Deserialize;
struct Builder;
struct Task;
struct Arguments;
struct ProcessBuilder;
mod tasktronaut_private {}

type Text = ::std::string::String;

struct Album;

impl ::core::default::Default for Album {
    fn default() -> Self {
        Album
    }
}

#[derive(::serde::Serialize)]
struct Item {
    name: Text,
}

#[process(description = "d", retries = 1)]
impl Album {
    fn define_process(name: Text, #[default] size: u8, note: ::core::option::Option<Text>) {
        process! {
            seq "s" {
                a;
                b "b";
                each items { a; }
                transform one { a; }
                c;
                if option(x) { a; }
            }
        }
    }

    #[task(description = "a")]
    fn a(&self, name: Text) -> ::core::result::Result<(), TaskError> {
        let _ = name;
        ::core::result::Result::Ok(())
    }

    #[task]
    async fn b(&self, context: &Context, size: u8, note: ::core::option::Option<Text>) {
        let _ = (context.task().len(), size, note);
    }

    #[task]
    fn c(&self) {}

    #[each]
    fn items(&self, name: Text) -> [Item; 1] {
        [Item { name }]
    }

    #[transform]
    fn one(&self, name: Text) -> Item {
        Item { name }
    }

    async fn on_completed(&self, identifier: &str) {
        let _ = identifier.len();
    }

    async fn around_task(
        &self,
        _context: &Context,
        next: ::tasktronaut::Next<'_>,
    ) -> ::core::result::Result<(), TaskError> {
        next.run().await
    }
}

fn main() {}
