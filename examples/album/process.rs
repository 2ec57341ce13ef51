//! The processes: what is done for an album, in which order, and what happens when something goes wrong.

use std::io;
use std::path::{Path, PathBuf};

use tasktronaut::Progress;
use tasktronaut::prelude::*;

use crate::cover::CoverArt;
use crate::folder::{AlbumFolder, write_whole};
use crate::page;
use crate::pictures::{self, Picture, PictureError};

/// Makes a web page of a folder of pictures.
pub struct Album {
    pub folder: AlbumFolder,
}

#[process(name = "album")]
impl Album {
    fn define_process(title: String, from: PathBuf, cover_widths: Vec<u32>) {
        process! {
            seq {
                start "Prepare the folder";
                par {
                    each pictures { seq { settle; shrink; } }
                }
                if option(cover = true) { sub CoverArt "Draw the cover"; }
                write_page "Write the page";
                publish "Publish the album";
            }
        }
    }

    /// What `each pictures` goes through. An item's description, its file name, is what the terminal calls its tasks.
    #[each]
    fn pictures(&self, from: PathBuf) -> io::Result<Vec<Described<Picture>>> {
        let pictures = pictures::in_folder(&from)?;
        if pictures.is_empty() {
            return Err(io::Error::other(format!("there are no pictures in `{}`", from.display())));
        }
        let described = |picture: PathBuf| {
            let name = pictures::file_name(&picture);
            Described::new(Picture { picture }, name)
        };
        Ok(pictures.into_iter().map(described).collect())
    }

    /// Another attempt would find the same folder, so a failure is final.
    #[task]
    fn start(&self) -> Result<(), NonRetryableProcessError> {
        self.folder.start().non_retryable()
    }

    /// Waits until nobody writes the picture: while it is busy the error says when to look again.
    #[task(retries = 60)]
    fn settle(&self, picture: PathBuf) -> Result<(), PictureError> {
        pictures::settled(&picture)
    }

    /// Makes the thumbnail. A picture that cannot be read after all its attempts is left out: the album is worth
    /// having without it.
    #[task(retries = 2, backoff = "200ms")]
    fn shrink(&self, picture: PathBuf, context: &Context) -> Result<(), PictureError> {
        const LAST_ATTEMPT: u32 = 3;
        match self.make_thumbnail(&picture, context) {
            Err(error @ PictureError::Unreadable(_)) if context.attempt() == LAST_ATTEMPT => {
                context.progress(Progress::new(3, 3).saying(format!("left out, {error}")));
                Ok(())
            }
            result => result,
        }
    }

    #[task]
    fn write_page(&self, title: String, from: PathBuf) -> io::Result<()> {
        let html = page::html(&title, &pictures::in_folder(&from)?, &self.folder)?;
        write_whole(&self.folder.path("index.html"), html.as_bytes())
    }

    #[task]
    fn publish(&self) -> io::Result<()> {
        self.folder.publish()
    }

    /// Nothing unfinished is left behind.
    fn on_cancelled(&self, _identifier: &str) -> io::Result<()> {
        self.folder.discard()
    }

    fn on_failed(&self, _identifier: &str, _step: &str, _error: &TaskError) -> io::Result<()> {
        self.folder.discard()
    }
}

impl Album {
    /// Plain code blocks its thread, and nobody can stop it from outside: so it asks from time to time.
    fn make_thumbnail(&self, picture: &Path, context: &Context) -> Result<(), PictureError> {
        context.progress(Progress::new(0, 3).saying("reading"));
        let image = pictures::read(picture)?;
        context.progress(Progress::new(1, 3).saying("shrinking"));
        let small = pictures::shrink(image);
        if context.is_cancelled() {
            return Err(CancelProcessError::new("the album is not wanted any more").into());
        }
        write_whole(&self.folder.thumbnail(picture), &pictures::encode(&small)?)?;
        context.progress(Progress::new(3, 3).saying(format!("{} x {}", small.width(), small.height())));
        Ok(())
    }
}
