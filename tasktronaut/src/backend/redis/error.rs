//! Errors of this store, as those of backends.

use redis::RedisError;

use crate::backend::BackendError;

/// The name of this backend.
pub(super) const NAME: &str = "redis";

/// The store cannot be used as it is.
pub(super) fn refused(reason: String) -> BackendError {
    BackendError::Refused { backend: NAME, reason }
}

/// The server or the connection failed.
pub(super) fn failed(operation: &'static str) -> impl FnOnce(RedisError) -> BackendError {
    move |error| BackendError::Store { backend: NAME, operation, source: Box::new(error) }
}

/// A script did not come to its end: because of a key that somebody has made one of another type, or as in [`failed`].
pub(super) fn answered(operation: &'static str) -> impl FnOnce(RedisError) -> BackendError {
    move |error| {
        // Redis 6 puts the code of an error into the text of another one.
        if error.to_string().contains("WRONGTYPE") {
            return corrupt(format!("a key used to {operation}"), "it is of another type");
        }
        failed(operation)(error)
    }
}

/// Somebody else has held a process for too long.
pub(super) fn contended(operation: &'static str, reason: &'static str) -> BackendError {
    BackendError::Store { backend: NAME, operation, source: reason.into() }
}

/// A row makes no sense.
pub(super) fn corrupt(what: impl Into<String>, reason: impl Into<String>) -> BackendError {
    BackendError::Corrupt { backend: NAME, what: what.into(), reason: reason.into() }
}
