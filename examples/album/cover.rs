//! A process within the process: the cover, in every width that a page may need.

use std::path::PathBuf;

use image::RgbImage;
use image::imageops::{self, FilterType};
use tasktronaut::Progress;
use tasktronaut::prelude::*;

use crate::folder::{AlbumFolder, THUMBNAILS, write_whole};
use crate::pictures::{self, PictureError};

/// How many pictures are on a cover, side by side.
const STRIPS: u32 = 5;

/// Draws the cover of an album, from its thumbnails.
pub struct CoverArt {
    pub folder: AlbumFolder,
}

#[process]
impl CoverArt {
    /// As a sub-process it takes the argument from the process around it.
    fn define_process(cover_widths: Vec<u32>) {
        process! {
            par { each width in cover_widths { draw; } }
        }
    }

    #[task]
    fn draw(&self, width: u32, context: &Context) -> Result<(), PictureError> {
        let thumbnails = pictures::in_folder(&self.folder.path(THUMBNAILS))?;
        let Some(cover) = draw_strips(&thumbnails, width)? else {
            return Ok(());
        };
        let file = self.folder.path(&file_name(width));
        write_whole(&file, &pictures::encode(&cover)?)?;
        context.progress(Progress::new(1, 1).saying(format!("{} x {}", cover.width(), cover.height())));
        Ok(())
    }
}

/// The file of the cover of this width.
pub fn file_name(width: u32) -> String {
    format!("cover-{width}.jpg")
}

/// Pictures side by side, from the first again where there are too few; nothing where there are none.
fn draw_strips(thumbnails: &[PathBuf], width: u32) -> Result<Option<RgbImage>, PictureError> {
    if thumbnails.is_empty() {
        return Ok(None);
    }
    let (strip, height) = (width.div_ceil(STRIPS), width / 4);
    let mut cover = RgbImage::new(width, height);
    for (at, thumbnail) in (0..STRIPS).zip(thumbnails.iter().cycle()) {
        let part = pictures::read(thumbnail)?.resize_to_fill(strip, height, FilterType::Lanczos3);
        imageops::replace(&mut cover, &part.into_rgb8(), i64::from(at * strip), 0);
    }
    Ok(Some(cover))
}
