//! What can be wrong with a process before it runs.

use thiserror::Error;

use crate::definition::source::SourceError;
use crate::words::arguments::ArgumentError;
use crate::words::error::BoxError;
use crate::words::name::NameError;

/// Why a process could not be built. Nothing has been enqueued.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An argument of a step, or of a process, is missing or of the wrong type.
    #[error("process `{process}`, step `{step}`: {error}")]
    Argument {
        /// The definition.
        process: String,
        /// The task, the source or the (sub-)process that takes the argument.
        step: String,
        /// Which argument, and what is wrong with it.
        #[source]
        error: Box<ArgumentError>,
    },
    /// The definition has no task of this name.
    #[error("process `{process}` has no task `{task}`; {hint}")]
    UnknownTask {
        /// The definition.
        process: String,
        /// The name.
        task: String,
        /// The nearest name, or all names.
        hint: String,
    },
    /// The definition has no source of this name.
    #[error("process `{process}` has no `#[{kind}]` source `{source_name}`; {hint}")]
    UnknownSource {
        /// The definition.
        process: String,
        /// `each` or `transform`.
        kind: &'static str,
        /// The name.
        source_name: String,
        /// The nearest name, or all names.
        hint: String,
    },
    /// A source failed.
    #[error("process `{process}`, source `{source_name}`: {error}")]
    Source {
        /// The definition.
        process: String,
        /// The source.
        source_name: String,
        /// What went wrong.
        #[source]
        error: Box<SourceError>,
    },
    /// `each .. in` names an argument that is no list.
    #[error("process `{process}`, `each {element} in {list}`: `{list}` is no list, it is {found}")]
    NotAList {
        /// The definition.
        process: String,
        /// The name that each element was to get.
        element: String,
        /// The argument.
        list: String,
        /// What it is.
        found: String,
    },
    /// The definition needs resources, and no instance of it was given.
    #[error(
        "`{process}` cannot be made from nothing; give an instance: \
         `.registry(&Registry::new().with({short}::new(..))?)`, or implement `Default`"
    )]
    NoInstance {
        /// The definition's type.
        process: String,
        /// Its type without the path.
        short: String,
    },
    /// A definition has two tasks or sources of the same name, or a name that no store would take.
    #[error("the definition `{process}` cannot be used: {reason}")]
    Definition {
        /// The definition.
        process: String,
        /// What is wrong.
        reason: String,
    },
    /// Sub-processes stand in each other too deeply; most likely a definition contains itself.
    #[error(
        "process `{process}`: sub-processes are nested more than {limit} deep; does the definition contain itself?"
    )]
    TooDeep {
        /// The definition at which it was noticed.
        process: String,
        /// The limit.
        limit: usize,
    },
    /// There are more steps than can be numbered.
    #[error("process `{process}` has more than {limit} steps")]
    TooManySteps {
        /// The definition.
        process: String,
        /// The limit.
        limit: usize,
    },
    /// A block was closed that was not open, or left open.
    #[error("process `{process}`: {reason}")]
    Blocks {
        /// The definition.
        process: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The identifier cannot be used.
    #[error(transparent)]
    Identifier(#[from] NameError),
    /// A queue has a name that no store would take.
    #[error("`{whose}` asks for a queue that cannot be: {error}")]
    Queue {
        /// The definition, or the task with its definition.
        whose: String,
        /// What is wrong with the name.
        #[source]
        error: NameError,
    },
    /// An option's value cannot be written as JSON.
    #[error("the option `{option}` cannot be written as JSON: {source}")]
    Option {
        /// Its name.
        option: String,
        /// What serde says.
        source: serde_json::Error,
    },
    /// The definition's own code gave up; see [`BuildError::custom`].
    #[error("process `{process}`: {error}")]
    Custom {
        /// The definition; empty until the builder fills it in.
        process: String,
        /// Why.
        #[source]
        error: BoxError,
    },
}

impl BuildError {
    /// An error of a hand-written `define_process`.
    pub fn custom(error: impl Into<BoxError>) -> Self {
        Self::Custom { process: String::new(), error: error.into() }
    }

    /// The argument that is to blame, if one is.
    pub fn argument(&self) -> Option<&ArgumentError> {
        match self {
            Self::Argument { error, .. } => Some(error),
            Self::Source { error, .. } => match &**error {
                SourceError::Argument(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }

    /// There is no instance of `D`, and none can be made.
    pub(crate) fn no_instance<D>() -> Self {
        let process = std::any::type_name::<D>();
        let short = process.rsplit("::").next().unwrap_or(process).to_owned();
        Self::NoInstance { process: process.to_owned(), short }
    }

    /// Names the definition in errors that were made without knowing it.
    pub(super) fn within(self, definition: &str) -> Self {
        match self {
            Self::Custom { process, error } if process.is_empty() => {
                Self::Custom { process: definition.to_owned(), error }
            }
            other => other,
        }
    }
}

impl From<ArgumentError> for BuildError {
    fn from(error: ArgumentError) -> Self {
        Self::custom(error)
    }
}
