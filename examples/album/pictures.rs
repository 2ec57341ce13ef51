//! Pictures: finding, reading and shrinking them.

use std::fs::{DirEntry, File, TryLockError};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, RgbImage};
use serde::{Deserialize, Serialize};
use tasktronaut::{CancelProcessError, RetryAfter};
use thiserror::Error;

/// A thumbnail is at most this wide and this high.
const THUMBNAIL: (u32, u32) = (480, 320);

/// What the tasks for one picture take.
#[derive(Serialize, Deserialize)]
pub struct Picture {
    pub picture: PathBuf,
}

/// What can be wrong with a picture.
#[derive(Debug, Error)]
pub enum PictureError {
    /// Another program holds its lock. The source says when to look again.
    #[error("another program is writing it")]
    Busy(#[source] RetryAfter),
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] ImageError),
    #[error("its thumbnail cannot be written: {0}")]
    Unwritable(#[from] io::Error),
    #[error("it was not needed any more")]
    Cancelled(#[from] CancelProcessError),
}

/// The pictures in a folder, by name.
pub fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = folder.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let unreadable = |error| io::Error::other(format!("`{}` cannot be read: {error}", folder.display()));
    let mut pictures: Vec<_> = entries.map_err(unreadable)?.iter().map(DirEntry::path).collect();
    pictures.retain(|path| matches!(ImageFormat::from_path(path), Ok(ImageFormat::Jpeg | ImageFormat::Png)));
    pictures.sort();
    Ok(pictures)
}

/// The name of a picture's file.
pub fn file_name(picture: &Path) -> String {
    picture.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Makes sure that no other program is writing the picture, as far as programs say so with a lock.
pub fn settled(picture: &Path) -> Result<(), PictureError> {
    match File::open(picture).map_err(ImageError::IoError)?.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            Err(PictureError::Busy(RetryAfter::new(Duration::from_secs(1), "it is locked")))
        }
        // Not every file system has locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Reads a picture.
pub fn read(picture: &Path) -> Result<DynamicImage, PictureError> {
    let file = ImageReader::open(picture).map_err(ImageError::IoError)?;
    Ok(file.with_guessed_format().map_err(ImageError::IoError)?.decode()?)
}

/// Makes a picture fit into a thumbnail; a smaller one stays as it is.
pub fn shrink(image: DynamicImage) -> RgbImage {
    let (width, height) = THUMBNAIL;
    if image.width() <= width && image.height() <= height {
        return image.into_rgb8();
    }
    image.resize(width, height, FilterType::Lanczos3).into_rgb8()
}

/// An image as the bytes of a JPEG.
pub fn encode(image: &RgbImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}
