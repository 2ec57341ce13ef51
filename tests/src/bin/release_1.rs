//! The release before `release_2`: the same definitions, each of which changes in one way.

// A test program may stop at whatever it does not expect.
#![allow(clippy::panic)]

use tasktronaut::prelude::*;
use tasktronaut_tests::release::{self, first, ran};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    release::main(|kind, identifier| {
        let text = String::from("one");
        match kind {
            "added" => Added::process().identifier(identifier).build(),
            "removed" => Removed::process().identifier(identifier).build(),
            "defaulted" => Defaulted::process().identifier(identifier).build(),
            "dropped" => Dropped::process(DroppedArgs { note: text }).identifier(identifier).build(),
            "renamed" => Renamed::process(RenamedArgs { name: text }).identifier(identifier).build(),
            "aliased" => {
                Aliased::process(AliasedArgs { album: Album { name: text } }).identifier(identifier).build()
            }
            "retyped" => Retyped::process(RetypedArgs { size: 1 }).identifier(identifier).build(),
            _ => panic!("no kind is called {kind}"),
        }
    })
    .await
}

/// Will have a task more.
#[derive(Default)]
struct Added;

#[process(name = "deploys::Added")]
impl Added {
    fn define_process() {
        process! { seq { first; last; } }
    }

    #[task]
    async fn first(&self, context: &Context) {
        first(context).await;
    }

    #[task]
    fn last(&self, context: &Context) {
        ran(context, "");
    }
}

/// Will have a task less.
#[derive(Default)]
struct Removed;

#[process(name = "deploys::Removed")]
impl Removed {
    fn define_process() {
        process! { seq { first; extra; last; } }
    }

    #[task]
    async fn first(&self, context: &Context) {
        first(context).await;
    }

    #[task]
    fn extra(&self, context: &Context) {
        ran(context, "");
    }

    #[task]
    fn last(&self, context: &Context) {
        ran(context, "");
    }
}

/// Will have an argument more, with a default value.
#[derive(Default)]
struct Defaulted;

#[process(name = "deploys::Defaulted")]
impl Defaulted {
    fn define_process() {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context) {
        ran(context, "");
    }
}

/// Will have an argument less.
#[derive(Default)]
struct Dropped;

#[process(name = "deploys::Dropped")]
impl Dropped {
    fn define_process(note: String) {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context, note: String) {
        ran(context, &note);
    }
}

/// Will call its argument `title`.
#[derive(Default)]
struct Renamed;

#[process(name = "deploys::Renamed")]
impl Renamed {
    fn define_process(name: String) {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context, name: String) {
        ran(context, &name);
    }
}

/// Will call the field of its argument `title`, and read `name` all the same.
#[derive(Default)]
struct Aliased;

#[derive(Serialize, Deserialize)]
struct Album {
    name: String,
}

#[process(name = "deploys::Aliased")]
impl Aliased {
    fn define_process(album: Album) {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context, album: Album) {
        ran(context, &album.name);
    }
}

/// Its argument will be a text.
#[derive(Default)]
struct Retyped;

#[process(name = "deploys::Retyped")]
impl Retyped {
    fn define_process(size: u32) {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context, size: u32) {
        ran(context, &size.to_string());
    }
}
