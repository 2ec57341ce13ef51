//! The errors of the store. None of them shows more than the server's own words.

use tokio_postgres::Error;

use crate::backend::BackendError;
use crate::words::error::{BoxError, full_text};

/// The name of the store, in errors and in its capability.
pub(super) const NAME: &str = "postgres";

/// The store cannot be opened as it is.
pub(super) fn refused(reason: &str) -> BackendError {
    BackendError::Refused { backend: NAME, reason: reason.to_owned() }
}

/// The server did not do what it was asked for.
pub(super) fn failed(operation: &'static str, error: impl Into<BoxError>) -> BackendError {
    BackendError::Store { backend: NAME, operation, source: error.into() }
}

/// The server has answered with an error. What it says of values (classes 22 and 23) is about rows that somebody has
/// spoilt: the statements themselves make none of these.
pub(super) fn answered(operation: &'static str, error: Error) -> BackendError {
    match error.as_db_error() {
        Some(told) if ["22", "23"].iter().any(|class| told.code().code().starts_with(class)) => {
            corrupt(&format!("the rows used to {operation}"), told.message().to_owned())
        }
        _ => failed(operation, error),
    }
}

/// What the server has answered cannot be read as what it should be.
pub(super) fn unreadable(what: &str, error: &Error) -> BackendError {
    corrupt(what, full_text(error))
}

/// Something in the database makes no sense.
pub(super) fn corrupt(what: &str, reason: String) -> BackendError {
    BackendError::Corrupt { backend: NAME, what: what.to_owned(), reason }
}
