#![deny(warnings, missing_docs, unused, nonstandard_style, future_incompatible, rust_2018_idioms)]
#![deny(unreachable_pub, missing_debug_implementations, unused_qualifications)]
#![deny(unused_results, unused_lifetimes, single_use_lifetimes, trivial_casts, missing_copy_implementations)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![forbid(unsafe_code)]
//! A crate that denies what can be denied.

use tasktronaut::prelude::*;

/// An album.
#[derive(Debug, Default, Clone, Copy)]
struct Album;

/// A photo.
#[derive(Debug, Serialize)]
struct Photo {
    path: String,
}

#[process(description = "Publish", retries = 1, timeout = "1h")]
impl Album {
    fn define_process(
        /// The album's name.
        album: String,
        photos: Vec<String>,
        #[default] size: u8,
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
    ) {
        process! {
            seq {
                create;
                each photos { resize; }
                each path in photos { resize; }
                sub Cover;
                many;
            }
        }
    }

    #[task(description = "Create")]
    async fn create(&self, album: String, size: u8) -> Result<(), TaskError> {
        let _ = std::future::ready((album, size)).await;
        Ok(())
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }

    #[task]
    #[allow(clippy::too_many_arguments, clippy::many_single_char_names)]
    fn many(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, size: u8, album: String) {
        println!("{a}{b}{c}{d}{e}{f}{size}{album}");
    }

    #[each]
    fn photos(&self, photos: Vec<String>) -> impl Iterator<Item = Photo> {
        photos.into_iter().map(|path| Photo { path })
    }

    async fn on_completed(&self, identifier: &str) {
        println!("{identifier}");
    }
}

/// A cover.
#[derive(Debug, Default, Clone, Copy)]
pub struct Cover;

#[process]
impl Cover {
    fn define_process(album: String) {
        process! { seq { draw; } }
    }

    #[task]
    fn draw(&self, album: String) {
        println!("{album}");
    }
}

fn main() {
    let process = Cover::process(CoverArgs::new("a".into())).build();
    assert!(process.is_ok());
}
