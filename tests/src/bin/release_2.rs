//! The release after `release_1`: the same definitions, each of which has changed in one way.

// A test program may stop at whatever it does not expect.
#![allow(clippy::panic)]

use tasktronaut::prelude::*;
use tasktronaut_tests::release::{self, first, ran};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    release::main(|kind, identifier| {
        let text = String::from("two");
        match kind {
            "added" => Added::process().identifier(identifier).build(),
            "removed" => Removed::process().identifier(identifier).build(),
            "defaulted" => Defaulted::process(DefaultedArgs { size: 2 }).identifier(identifier).build(),
            "dropped" => Dropped::process().identifier(identifier).build(),
            "renamed" => Renamed::process(RenamedArgs { title: text }).identifier(identifier).build(),
            "aliased" => {
                Aliased::process(AliasedArgs { album: Album { title: text } }).identifier(identifier).build()
            }
            "retyped" => Retyped::process(RetypedArgs { size: text }).identifier(identifier).build(),
            _ => panic!("no kind is called {kind}"),
        }
    })
    .await
}

/// Has a task more, `extra`.
#[derive(Default)]
struct Added;

#[process(name = "deploys::Added")]
impl Added {
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

/// Has a task less, `extra`.
#[derive(Default)]
struct Removed;

#[process(name = "deploys::Removed")]
impl Removed {
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

/// Has an argument more, with a default value.
#[derive(Default)]
struct Defaulted;

#[process(name = "deploys::Defaulted")]
impl Defaulted {
    fn define_process(#[default(7)] size: u32) {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context, #[default(7)] size: u32) {
        ran(context, &size.to_string());
    }
}

/// Has an argument less, `note`.
#[derive(Default)]
struct Dropped;

#[process(name = "deploys::Dropped")]
impl Dropped {
    fn define_process() {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context) {
        ran(context, "");
    }
}

/// Called its argument `name` before.
#[derive(Default)]
struct Renamed;

#[process(name = "deploys::Renamed")]
impl Renamed {
    fn define_process(title: String) {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context, title: String) {
        ran(context, &title);
    }
}

/// Called the field of its argument `name` before, and reads that, too.
#[derive(Default)]
struct Aliased;

#[derive(Serialize, Deserialize)]
struct Album {
    #[serde(alias = "name")]
    title: String,
}

#[process(name = "deploys::Aliased")]
impl Aliased {
    fn define_process(album: Album) {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context, album: Album) {
        ran(context, &album.title);
    }
}

/// Its argument was a number.
#[derive(Default)]
struct Retyped;

#[process(name = "deploys::Retyped")]
impl Retyped {
    fn define_process(size: String) {
        process! { seq { last; } }
    }

    #[task]
    fn last(&self, context: &Context, size: String) {
        ran(context, &size);
    }
}
