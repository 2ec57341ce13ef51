//! Where the database is, and how it is opened.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::error::{Trouble, refused};
use crate::backend::BackendError;

/// Where the database of a [`SqliteStore`](super::SqliteStore) is, and how it is opened.
///
/// A URL says the same: `sqlite:album.db` is a file in the current folder, `sqlite:///var/lib/album.db` one with a
/// full path; the options follow as in `sqlite:album.db?create=false&busy_timeout=2500`. `%20` stands for a space, as
/// in every URL.
///
/// ```
/// use std::time::Duration;
/// use tasktronaut::backend::sqlite::SqliteOptions;
///
/// let options: SqliteOptions = "sqlite:///var/lib/album.db?busy_timeout=2500".parse()?;
/// assert_eq!(options, SqliteOptions::new("/var/lib/album.db").busy_timeout(Duration::from_millis(2500)));
/// assert!("sqlite::memory:".parse::<SqliteOptions>().is_err());
/// # Ok::<(), tasktronaut::BackendError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    pub(super) path: PathBuf,
    pub(super) create: bool,
    pub(super) busy_timeout: Duration,
}

impl SqliteOptions {
    /// The database in this file, with the usual options.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), create: true, busy_timeout: Duration::from_secs(10) }
    }

    /// Whether the file is made when it is not there. It is, unless this says no. In a URL `create=false`.
    #[must_use]
    pub fn create(self, create: bool) -> Self {
        Self { create, ..self }
    }

    /// How long an operation waits for other programs that write, before it fails: 10 seconds, unless this says
    /// otherwise. In a URL `busy_timeout=2500`, in milliseconds.
    #[must_use]
    pub fn busy_timeout(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout, ..self }
    }

    /// The full path: so that it stays the same file when the program changes its folder, and so that SQLite takes
    /// no name for a URI.
    pub(super) fn full_path(&self) -> Result<PathBuf, Trouble> {
        let path = self.path.as_os_str();
        if path.is_empty() {
            return Err(refused(
                "the URL names no file; write `sqlite:album.db` or `sqlite:///full/path.db`",
            ));
        }
        if path == ":memory:" {
            return Err(refused(
                "a database in memory does not outlive its connection; use the backend `memory:` instead",
            ));
        }
        std::path::absolute(path).map_err(|error| refused(format!("{}: {error}", path.display())))
    }
}

impl FromStr for SqliteOptions {
    type Err = BackendError;

    fn from_str(url: &str) -> Result<Self, BackendError> {
        parse(url).map_err(|trouble| trouble.during("read the URL"))
    }
}

fn parse(url: &str) -> Result<SqliteOptions, Trouble> {
    let rest = url
        .strip_prefix("sqlite:")
        .ok_or_else(|| refused("the URL does not begin with `sqlite:`, as in `sqlite:album.db`"))?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match path.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(path) => {
            return Err(refused(format!(
                "`{path}` stands where a URL names a host; write `sqlite:{path}`, or three slashes for a full path"
            )));
        }
        None => path,
    };
    let mut options = SqliteOptions::new(decoded(path)?);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let wrong = |wanted: &str| refused(format!("`{value}` is no value for `{name}`: {wanted}"));
        options = match name {
            "create" => options.create(value.parse().map_err(|_| wrong("`true` or `false`"))?),
            "busy_timeout" => options.busy_timeout(Duration::from_millis(
                value.parse().map_err(|_| wrong("it is a number of milliseconds"))?,
            )),
            _ => {
                return Err(refused(format!(
                    "there is no option `{name}`; there are `create` and `busy_timeout`"
                )));
            }
        };
    }
    options.full_path()?;
    Ok(options)
}

/// A text with its `%20`s decoded.
fn decoded(text: &str) -> Result<String, Trouble> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.ok_or_else(|| refused("`%` in a URL is followed by two hexadecimal digits"))?);
        bytes.extend(part.bytes().skip(2));
    }
    String::from_utf8(bytes).map_err(|_| refused("the path in the URL is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> PathBuf {
        url.parse::<SqliteOptions>().unwrap().path
    }

    #[test]
    fn a_url_names_a_file() {
        assert_eq!(path("sqlite:album.db"), Path::new("album.db"));
        assert_eq!(path("sqlite:./a/album.db"), Path::new("./a/album.db"));
        assert_eq!(path("sqlite:/var/album.db"), Path::new("/var/album.db"));
        assert_eq!(path("sqlite:///var/album.db"), Path::new("/var/album.db"));
        assert_eq!(path("sqlite:my%20album%3F.db"), Path::new("my album?.db"));
    }

    #[test]
    fn a_url_has_options() {
        let options: SqliteOptions = "sqlite:a.db?create=false&busy_timeout=20".parse().unwrap();
        assert_eq!(options, SqliteOptions::new("a.db").create(false).busy_timeout(Duration::from_millis(20)));
    }

    #[test]
    fn mistakes_are_explained() {
        for (url, part) in [
            ("postgres:a", "does not begin with `sqlite:`"),
            ("sqlite:", "names no file"),
            ("sqlite::memory:", "use the backend `memory:`"),
            ("sqlite://album.db", "write `sqlite:album.db`"),
            ("sqlite:a.db?mode=ro", "there is no option `mode`"),
            ("sqlite:a.db?create=maybe", "`maybe` is no value for `create`"),
            ("sqlite:a.db?busy_timeout=10s", "number of milliseconds"),
            ("sqlite:a%2.db", "two hexadecimal digits"),
            ("sqlite:a%FF.db", "not UTF-8"),
        ] {
            let error = url.parse::<SqliteOptions>().unwrap_err().to_string();
            assert!(error.contains(part), "{url}: {error}");
        }
    }
}
