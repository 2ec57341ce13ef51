//! The attribute `#[process]` of the crate `tasktronaut`; use it from there.
//!
//! # Layout
//!
//! A small compiler: `parse` reads words, `collect` and `check` understand them and tell every mistake, and
//! `expand` writes Rust. Past the check nothing can fail.

mod check;
mod collect;
mod expand;
mod message;
mod model;
mod parse;
mod report;
mod self_type;
mod suggest;
#[cfg(test)]
mod tests;
mod text;
mod words;

use proc_macro::TokenStream;

/// Makes a type a process: the methods of its impl block become tasks, sources and hooks, and `define_process` says
/// how they make up the graph.
///
/// ```text
/// #[process(description = "Publish a photo album")]
/// impl Album {
///     fn define_process(album: String, photos: Vec<PathBuf>) {
///         process! {
///             seq {
///                 create_album;
///                 par "Prepare the photos" { each path in photos { resize; } }
///                 if option(notify = true) { announce "Tell the subscribers"; }
///             }
///         }
///     }
///
///     #[task(description = "Create the album", retries = 3, timeout = "30s")]
///     async fn create_album(&self, album: String) -> Result<(), AlbumError> { .. }
/// }
/// ```
///
/// # Options
///
/// `description = ".."`, `name = "my.name"` (else the path of the type), `retries = 3`, `backoff = "200ms"`,
/// `timeout = "30s"`, `queue = "slow"`, `priority = 5`, `finish_siblings`, and `crate = ::path` where the crate is renamed.
///
/// # Attributes inside
///
/// - `#[task]` makes a method a task. Options: `description`, `retries`, `backoff`, `timeout`, `queue`.
/// - `#[each]` makes it a source of items for `each name { .. }`, and `#[transform]` one of arguments for
///   `transform name { .. }`. Options: `extend`, `description`.
/// - `#[default]` and `#[default(value)]` stand before a parameter that may be left out.
/// - Methods called `on_started`, `on_completed`, `on_failed`, `on_cancelled`, `on_task_failed` and `around_task` are
///   hooks.
///
/// # Steps
///
/// | | |
/// |---|---|
/// | `seq { a; b }`, `par { a; b }` | one after the other, at the same time |
/// | `a;` | a task |
/// | `each path in photos { .. }` | for every element of a list argument |
/// | `each source { .. }` | for every item that a method yields |
/// | `transform source { .. }` | with the arguments that a method returns |
/// | `sub Other;` | another process |
/// | `if option(name = true) { .. } else { .. }` | decided when the process is built |
///
/// A string behind a step, or behind the word of a block, describes it.
#[proc_macro_attribute]
pub fn process(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::process(attribute.into(), item.into()).into()
}

/// What generated code calls, and nobody else.
#[doc(hidden)]
#[proc_macro]
pub fn __embedded(input: TokenStream) -> TokenStream {
    expand::resolved(input.into()).into()
}

/// A task. Stands on a method of an impl block with `#[process]`.
#[proc_macro_attribute]
pub fn task(_: TokenStream, item: TokenStream) -> TokenStream {
    message::stray_attribute("task", &item.into()).into()
}

/// A source of items. Stands on a method of an impl block with `#[process]`.
#[proc_macro_attribute]
pub fn each(_: TokenStream, item: TokenStream) -> TokenStream {
    message::stray_attribute("each", &item.into()).into()
}

/// A source of arguments. Stands on a method of an impl block with `#[process]`.
#[proc_macro_attribute]
pub fn transform(_: TokenStream, item: TokenStream) -> TokenStream {
    message::stray_attribute("transform", &item.into()).into()
}
