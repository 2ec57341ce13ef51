//! One error for all whom it concerns: each is told the same.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::backend::BackendError;

/// Tells an error as often as is asked: always the same variant, in the same words, with the same source.
pub(super) fn alike(error: BackendError) -> Box<dyn Fn() -> BackendError + Send> {
    match error {
        BackendError::Store { backend, operation, source } => {
            let source = Shared(source.into());
            Box::new(move || BackendError::Store { backend, operation, source: source.clone().into() })
        }
        BackendError::Corrupt { backend, what, reason } => {
            Box::new(move || BackendError::Corrupt { backend, what: what.clone(), reason: reason.clone() })
        }
        BackendError::Refused { backend, reason } => {
            Box::new(move || BackendError::Refused { backend, reason: reason.clone() })
        }
        BackendError::UnknownProcess { identifier } => {
            Box::new(move || BackendError::UnknownProcess { identifier: identifier.clone() })
        }
        BackendError::WrongState { identifier, state, wanted } => {
            Box::new(move || BackendError::WrongState { identifier: identifier.clone(), state, wanted })
        }
        BackendError::Name(error) => Box::new(move || BackendError::Name(error.clone())),
        BackendError::Closed => Box::new(|| BackendError::Closed),
    }
}

/// A source that several errors have. It speaks in the words of the original, which is its own source.
#[derive(Debug, Clone)]
struct Shared(Arc<dyn StdError + Send + Sync>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Shared {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_the_same() {
        let refused = || BackendError::Refused { backend: "redis", reason: "it drops keys".to_owned() };
        let again = alike(refused());
        for told in [again(), again()] {
            assert!(matches!(&told, BackendError::Refused { .. }));
            assert_eq!(told.to_string(), refused().to_string());
        }
    }

    #[test]
    fn the_source_is_still_found() {
        let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let again =
            alike(BackendError::Store { backend: "redis", operation: "claim jobs", source: broken.into() });
        for told in [again(), again()] {
            assert_eq!(told.to_string(), "redis failed to claim jobs: broken pipe");
            let BackendError::Store { source, .. } = &told else { panic!("{told:?}") };
            assert!(matches!(source.source(), Some(cause) if cause.is::<std::io::Error>()));
        }
    }
}
