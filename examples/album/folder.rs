//! The folder that an album is made in.
//!
//! Everything is written to an unfinished folder beside the real one, and publishing is a rename. Whoever looks at
//! the real folder sees a whole album, the one before or the new one, whatever happens on the way.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::pictures::file_name;

/// Marks a folder as one that this program has made, and may replace.
const MARK: &str = ".album";

/// Where the thumbnails are, within the folder.
pub const THUMBNAILS: &str = "thumbnails";

/// An album's folder, unfinished until it is published.
#[derive(Debug, Clone)]
pub struct AlbumFolder {
    finished: PathBuf,
    unfinished: PathBuf,
}

impl AlbumFolder {
    /// The folder that will be published at this path.
    pub fn new(path: &Path) -> Self {
        // Collecting the parts drops a `/` at the end.
        let finished: PathBuf = path.components().collect();
        let unfinished = beside(&finished, ".unfinished");
        Self { finished, unfinished }
    }

    /// Makes an empty unfinished folder. What somebody else has put at the album's path is not replaced.
    pub fn start(&self) -> io::Result<()> {
        if self.finished.exists() && !self.finished.join(MARK).exists() {
            let text =
                format!("`{}` exists and is no album of mine; I leave it alone", self.finished.display());
            return Err(io::Error::new(ErrorKind::AlreadyExists, text));
        }
        self.discard()?;
        fs::create_dir_all(self.unfinished.join(THUMBNAILS))?;
        fs::write(self.unfinished.join(MARK), "")
    }

    /// A file in the unfinished folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.unfinished.join(name)
    }

    /// The thumbnail of a picture in the unfinished folder.
    pub fn thumbnail(&self, picture: &Path) -> PathBuf {
        self.unfinished.join(THUMBNAILS).join(thumbnail_name(picture))
    }

    /// Moves the unfinished folder to its place, for everyone to see.
    ///
    /// A task may run again after a crash: nothing is left to do when the folder has been moved already.
    pub fn publish(&self) -> io::Result<()> {
        if !self.unfinished.exists() && self.finished.exists() {
            return Ok(());
        }
        let old = beside(&self.finished, ".old");
        if self.finished.exists() {
            remove(&old)?;
            fs::rename(&self.finished, &old)?;
        }
        fs::rename(&self.unfinished, &self.finished)?;
        remove(&old)
    }

    /// Removes the unfinished folder.
    pub fn discard(&self) -> io::Result<()> {
        remove(&self.unfinished)
    }
}

/// The file of a picture's thumbnail, within the folder of the thumbnails.
pub fn thumbnail_name(picture: &Path) -> String {
    format!("{}.jpg", file_name(picture))
}

/// Writes a whole file or none: under another name first.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = beside(path, ".part");
    fs::write(&part, bytes)?;
    fs::rename(&part, path)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
