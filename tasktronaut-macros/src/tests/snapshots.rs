//! What is generated, to be read and compared. `UPDATE=1 cargo test` renews the files: read the difference.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand;

/// More lines than these for one more task cost too much of a user's time.
const LINES_FOR_A_TASK: usize = 45;

fn pretty(attribute: TokenStream, item: TokenStream) -> String {
    let tokens = expand::process(attribute, item);
    let file: syn::File = syn::parse2(tokens.clone()).unwrap_or_else(|error| panic!("{error}: {tokens}"));
    prettyplease::unparse(&file)
}

fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/expanded").join(format!("{name}.rs"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, text, "{} differs; UPDATE=1 renews it", path.display());
}

#[test]
fn declared() {
    let attribute = quote!(description = "Publish a photo album", retries = 2);
    let item = quote! {
        impl Album {
            fn define_process(
                /// The album's name.
                album: String,
                photos: Vec<PathBuf>,
                #[default(true)] public: bool,
            ) {
                process! {
                    seq {
                        create_album;
                        par "Prepare the photos" {
                            each photos { resize; }
                            each path in photos { resize; }
                            sub CoverArt;
                        }
                        if option(notify = true) { announce "Tell the subscribers"; }
                    }
                }
            }

            #[task(description = "Create the album")]
            async fn create_album(&self, album: std::string::String) -> Result<(), AlbumError> {
                self.create(album).await
            }

            #[task(retries = 3, timeout = "30s")]
            fn resize(&self, context: &Context, path: PathBuf) -> Result<(), AlbumError> {
                Ok(())
            }

            #[task]
            fn announce() {}

            #[each]
            fn photos(&self, album: String, photos: Vec<PathBuf>) -> impl Iterator<Item = Photo> {
                photos.into_iter()
            }

            async fn on_completed(&self, identifier: &str) {}
        }
    };
    compare("declared", &pretty(attribute, item));
}

#[test]
fn written_by_hand() {
    let item = quote! {
        impl Album {
            fn define_process(&self, builder: &mut Builder<Self>) -> Result<(), BuildError> {
                for _ in 0..3 {
                    process! { builder => resize; par { resize "Again"; } }
                }
                Ok(())
            }

            #[task]
            fn resize(&self) {}
        }
    };
    compare("written_by_hand", &pretty(TokenStream::new(), item));
}

#[test]
fn conditional() {
    let item = quote! {
        impl Album {
            fn define_process() {
                process! { seq { draft; resize; } }
            }

            #[cfg(feature = "drafts")]
            #[task]
            fn draft(&self) {}

            #[task]
            fn resize(&self) {}
        }
    };
    compare("conditional", &pretty(TokenStream::new(), item));
}

#[test]
fn half_typed() {
    let item = quote! {
        impl Album {
            fn define_process(album: String) {
                process! { seq { resize wat; each photo in } }
            }

            #[task(retr)]
            fn resize(&self, album: String, size: &str) {
                self.
            }

            #[task]
            fn watermark(&self, album: String) {
                if 1
            }
        }
    };
    compare("half_typed", &crate::text::of(&expand::process(TokenStream::new(), item)).replace("; ", ";\n"));
}

#[test]
fn a_task_stays_small() {
    let lines = |tasks: usize| {
        let names = (0..tasks).map(|number| quote::format_ident!("task{number}"));
        let names: Vec<_> = names.collect();
        let methods = quote! {
            #(#[task] async fn #names(&self, a: String, b: u8, c: Vec<u8>) -> Result<(), Error> { Ok(()) })*
        };
        let definition = quote!(
            fn define_process(a: String, b: u8, c: Vec<u8>) {
                process! { seq { #(#names;)* } }
            }
        );
        let own: syn::File = syn::parse2(quote!(impl Many { #methods })).unwrap();
        let all = pretty(TokenStream::new(), quote!(impl Many { #definition #methods }));
        all.lines().count() - prettyplease::unparse(&own).lines().count()
    };
    let one = (lines(20) - lines(10)) / 10;
    assert!(one <= LINES_FOR_A_TASK, "{one} lines for one task");
}
