//! What goes wrong inside, and what the caller is told.

use std::sync::Arc;

use rusqlite::{Error, ErrorCode};

use crate::backend::BackendError;

/// The name of this backend, as in its URL.
pub(super) const NAME: &str = "sqlite";

/// Something that went wrong, before it is said what was being done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// SQLite says no.
    Sql(Error),
    /// It has its final form already.
    Known(BackendError),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<BackendError> for Trouble {
    fn from(error: BackendError) -> Self {
        Self::Known(error)
    }
}

impl Trouble {
    /// Whether something that is kept makes no sense.
    pub fn is_corrupt(&self) -> bool {
        match self {
            Self::Known(error) => matches!(error, BackendError::Corrupt { .. }),
            Self::Sql(error) => matches!(
                error,
                Error::InvalidColumnType(..)
                    | Error::IntegralValueOutOfRange(..)
                    | Error::FromSqlConversionFailure(..)
                    | Error::Utf8Error(..)
            ),
        }
    }

    /// What the caller is told; the operation reads as in "claim jobs".
    pub fn during(self, operation: &'static str) -> BackendError {
        let corrupt_row = self.is_corrupt();
        match self {
            Self::Known(error) => error,
            Self::Sql(error) if corrupt_row => corrupted("a row", error.to_string()),
            Self::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    corrupted("the file", error.to_string())
                }
                _ => failed(operation, Arc::new(error)),
            },
        }
    }
}

/// The disk is full, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("the disk is full; nothing was changed, and the same works again as soon as there is room")]
struct DiskFull(#[source] Arc<Error>);

/// The operation, as in "claim jobs", has failed.
pub(super) fn failed(operation: &'static str, error: Arc<Error>) -> BackendError {
    let source = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => DiskFull(error).into(),
        _ => error.into(),
    };
    BackendError::Store { backend: NAME, operation, source }
}

/// Those rows that make sense. The others are logged, and do not harm their neighbours.
pub(super) fn sound<T>(rows: impl Iterator<Item = Result<T, Trouble>>) -> Result<Vec<T>, Trouble> {
    let mut kept = Vec::new();
    for row in rows {
        match row {
            Ok(row) => kept.push(row),
            Err(trouble) if trouble.is_corrupt() => log(&trouble),
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(kept)
}

/// Notes a row that is passed over.
pub(super) fn log(trouble: &Trouble) {
    tracing::error!(?trouble, "a row in the database makes no sense and is passed over");
}

fn corrupted(what: impl Into<String>, reason: impl Into<String>) -> BackendError {
    BackendError::Corrupt { backend: NAME, what: what.into(), reason: reason.into() }
}

/// A row or field makes no sense.
pub(super) fn corrupt(what: impl Into<String>, reason: impl Into<String>) -> Trouble {
    corrupted(what, reason).into()
}

/// The store cannot be opened as it is.
pub(super) fn refused(reason: impl Into<String>) -> Trouble {
    BackendError::Refused { backend: NAME, reason: reason.into() }.into()
}
