//! Every form of the language in one process.
use std::path::PathBuf;

use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Serialize, Deserialize)]
struct Photo {
    path: PathBuf,
    album: String,
}

#[process(description = "Publish an album", name = "album", retries = 2, backoff = "1s", timeout = "1h", finish_siblings)]
impl Album {
    fn define_process(album: String, photos: Vec<PathBuf>) {
        process! {
            par "Everything" {
                create_album "Create it";
                seq "In order" {
                    each photos "Photo by photo" { resize; par { watermark; watermark } }
                    each path in photos { resize };
                }
                transform cover { resize; watermark; }
                sub Cover "The cover";
                if option(notify = true) { announce } else if option(size = -3) { announce; } else { announce }
                if option(quiet) { announce; };
                if option(name = "x") { announce; } else { create_album; }
            }
        }
    }

    #[task(description = "Create the album", retries = 3, backoff = "200ms", timeout = "30s")]
    async fn create_album(&self, context: &Context, album: String) -> Result<u32, std::io::Error> {
        let _ = (context.task().len(), album);
        Ok(3)
    }

    #[task()]
    fn resize(path: PathBuf) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let _ = path;
        Ok(())
    }

    #[task]
    fn watermark(&self, path: PathBuf, album: String, context: &Context) {
        let _ = (path, album, context.task().len());
    }

    #[task]
    async fn announce() {}

    #[each(description = "A photo")]
    fn photos(&self, album: String, photos: Vec<PathBuf>) -> impl Iterator<Item = Photo> {
        photos.into_iter().map(move |path| Photo { path, album: album.clone() })
    }

    #[transform(extend)]
    async fn cover(album: String) -> Result<Described<Photo>, std::io::Error> {
        Ok(Described::new(Photo { path: PathBuf::new(), album }, "The cover"))
    }
}

#[derive(Default)]
struct Cover;

#[process]
impl Cover {
    fn define_process(album: String, #[default(3)] size: u8) {
        process! { seq { draw } }
    }

    #[task]
    fn draw(album: String, size: u8) {
        let _ = (album, size);
    }
}

fn main() {
    let arguments = AlbumArgs { album: "a".into(), photos: vec!["x".into(), "y".into()] };
    let process = Album::process(arguments).identifier("album-17").option("quiet", true).build().unwrap();
    let outline = process.to_string();
    assert_eq!(outline.matches("resize").count(), 5, "{outline}");
    assert_eq!(outline.matches("watermark").count(), 5, "{outline}");
    assert_eq!(outline.matches("announce").count(), 3, "{outline}");
    assert!(outline.starts_with("album [album-17] concurrent"), "{outline}");
}
