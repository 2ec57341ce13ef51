//! What a task's error means, and the signals by which a task says it.

use std::error::Error as StdError;
use std::fmt;
use std::iter::{once, successors};
use std::time::Duration;

/// Any error that can be sent to another thread.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// What a signal says, as the source of the signal itself. An error that shows another one's text as its own
/// (`#[error(transparent)]`) has that one's source for its own, so this is what is found beneath it.
#[derive(Debug)]
struct Signal {
    kind: TaskErrorKind,
    pause: Option<Duration>,
    text: Option<String>,
    cause: Option<BoxError>,
}

impl Signal {
    fn caused_by(kind: TaskErrorKind, cause: impl Into<BoxError>) -> Self {
        Self { kind, pause: None, text: None, cause: Some(cause.into()) }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.text, &self.cause) {
            (Some(text), _) => f.write_str(text),
            (None, Some(cause)) => cause.fmt(f),
            (None, None) => Ok(()),
        }
    }
}

impl StdError for Signal {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// Fails the process at once: no further attempt is made, whatever the retry policy says (`R11`).
///
/// Return it from a task, alone, wrapped in the task's own error type (as its `source`), boxed, or in an `anyhow`
/// error. [`NonRetryable`](trait@crate::ResultExt) makes one from any `Result`.
///
/// ```
/// use tasktronaut::{NonRetryableProcessError, ResultExt};
///
/// let result: Result<u8, NonRetryableProcessError> = "many".parse::<u8>().non_retryable();
/// assert_eq!(result.unwrap_err().to_string(), "invalid digit found in string");
/// ```
#[derive(Debug)]
pub struct NonRetryableProcessError(Signal);

impl NonRetryableProcessError {
    /// Wraps an error or a message.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(Signal::caused_by(TaskErrorKind::NonRetryable, error))
    }
}

impl fmt::Display for NonRetryableProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for NonRetryableProcessError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// Cancels the process: what has not begun is removed from the queue, and `on_cancelled` runs (`R13`).
///
/// ```
/// use tasktronaut::{CancelProcessError, ResultExt};
///
/// let none: Result<u8, CancelProcessError> = "".parse::<u8>().cancel_process("the album was withdrawn");
/// assert_eq!(none.unwrap_err().to_string(), "the album was withdrawn");
/// ```
#[derive(Debug)]
pub struct CancelProcessError(Signal);

impl CancelProcessError {
    /// Cancels for a reason that is shown to people.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(Signal { kind: TaskErrorKind::Cancel, pause: None, text: Some(reason.into()), cause: None })
    }

    /// Cancels because of an error.
    pub fn caused_by(reason: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self(Signal { text: Some(reason.into()), ..Signal::caused_by(TaskErrorKind::Cancel, source) })
    }
}

impl fmt::Display for CancelProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for CancelProcessError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// An ordinary failure that names the pause before the next attempt, instead of the policy's backoff (`R10`).
///
/// It grants no attempt of its own: the task's retries still count.
#[derive(Debug)]
pub struct RetryAfter {
    pause: Duration,
    signal: Signal,
}

impl RetryAfter {
    /// Asks for a pause because of an error or a message.
    pub fn new(pause: Duration, error: impl Into<BoxError>) -> Self {
        let signal = Signal { pause: Some(pause), ..Signal::caused_by(TaskErrorKind::Failed, error) };
        Self { pause, signal }
    }

    /// The pause asked for.
    pub fn pause(&self) -> Duration {
        self.pause
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.signal.fmt(f)
    }
}

impl StdError for RetryAfter {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.signal)
    }
}

/// Short ways to say, on a `Result`, what an error means for the process.
pub trait ResultExt<T> {
    /// The error fails the process at once, without another attempt.
    fn non_retryable(self) -> Result<T, NonRetryableProcessError>;

    /// The error cancels the process, for this reason.
    fn cancel_process(self, reason: impl Into<String>) -> Result<T, CancelProcessError>;

    /// The error is an ordinary failure; the next attempt, if one is left, follows after this pause.
    fn retry_after(self, pause: Duration) -> Result<T, RetryAfter>;
}

impl<T, E: Into<BoxError>> ResultExt<T> for Result<T, E> {
    fn non_retryable(self) -> Result<T, NonRetryableProcessError> {
        self.map_err(NonRetryableProcessError::new)
    }

    fn cancel_process(self, reason: impl Into<String>) -> Result<T, CancelProcessError> {
        self.map_err(|error| CancelProcessError::caused_by(reason, error))
    }

    fn retry_after(self, pause: Duration) -> Result<T, RetryAfter> {
        self.map_err(|error| RetryAfter::new(pause, error))
    }
}

/// What kind of failure an attempt ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskErrorKind {
    /// An ordinary error: repeated as the policy says.
    Failed,
    /// [`NonRetryableProcessError`]: never repeated.
    NonRetryable,
    /// [`CancelProcessError`]: the process is cancelled.
    Cancel,
    /// The task panicked: counts as an ordinary error (`R16`).
    Panic,
    /// The attempt took longer than its timeout: counts as an ordinary error (`R15`).
    Timeout,
    /// The arguments in the store could not be read (`R17`).
    BadPayload,
    /// Too many workers died while they held the job (`R9`).
    Poison,
}

impl TaskErrorKind {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Failed, "failed"),
        (Self::NonRetryable, "non_retryable"),
        (Self::Cancel, "cancel"),
        (Self::Panic, "panic"),
        (Self::Timeout, "timeout"),
        (Self::BadPayload, "bad_payload"),
        (Self::Poison, "poison"),
    ];

    /// The name in lower case, as in `bad_payload`.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("failed", |(_, name)| name)
    }

    /// The kind of a name.
    #[cfg(feature = "durable")]
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// A failed attempt of a task: what kind of failure, and the error itself as its [`source`](StdError::source).
#[derive(Debug)]
pub struct TaskError {
    kind: TaskErrorKind,
    retry_after: Option<Duration>,
    error: BoxError,
}

impl TaskError {
    /// Classifies an error: the signals of this module, alone or somewhere among its sources, mean what they say;
    /// everything else is an ordinary failure.
    pub fn new(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(already) => *already,
            Err(other) => Self::classified(other),
        }
    }

    fn classified(error: BoxError) -> Self {
        let mut found = (TaskErrorKind::Failed, None);
        let mut next: Option<&(dyn StdError + 'static)> = Some(error.as_ref());
        while let Some(current) = next {
            if let Some(signal) = signal(current) {
                found = signal;
                break;
            }
            next = current.source();
        }
        Self { kind: found.0, retry_after: found.1, error }
    }

    /// An error in whose own words (`downcast_ref`) a signal may have been found before it was boxed.
    #[doc(hidden)]
    pub fn signalled(
        cancel: bool,
        non_retryable: bool,
        pause: Option<Duration>,
        error: impl Into<BoxError>,
    ) -> Self {
        let mut failure = Self::new(error);
        if cancel {
            failure.kind = TaskErrorKind::Cancel;
        } else if non_retryable {
            failure.kind = TaskErrorKind::NonRetryable;
        }
        failure.retry_after = failure.retry_after.or(pause);
        failure
    }

    /// A failure of a kind that only the engine can see.
    pub(crate) fn of_kind(kind: TaskErrorKind, error: impl Into<BoxError>) -> Self {
        Self { kind, retry_after: None, error: error.into() }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> TaskErrorKind {
        self.kind
    }

    /// The pause the error asks for before the next attempt, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The task's own error, to be downcast.
    pub fn error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.error.as_ref()
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for TaskError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.error.as_ref())
    }
}

impl From<BoxError> for TaskError {
    fn from(error: BoxError) -> Self {
        Self::new(error)
    }
}

impl From<NonRetryableProcessError> for TaskError {
    fn from(error: NonRetryableProcessError) -> Self {
        Self::new(error)
    }
}

impl From<CancelProcessError> for TaskError {
    fn from(error: CancelProcessError) -> Self {
        Self::new(error)
    }
}

impl From<RetryAfter> for TaskError {
    fn from(error: RetryAfter) -> Self {
        Self::new(error)
    }
}

fn signal(error: &(dyn StdError + 'static)) -> Option<(TaskErrorKind, Option<Duration>)> {
    match error.downcast_ref::<Signal>() {
        Some(signal) => Some((signal.kind, signal.pause)),
        None => error.downcast_ref::<TaskError>().map(|inner| (inner.kind, inner.retry_after)),
    }
}

/// The texts of an error and of all its sources, outermost first, each once: many an error ends with the text of its
/// source, or of all its sources.
pub(crate) fn full_text(error: &(dyn StdError + 'static)) -> String {
    let texts = successors(Some(error), |error| StdError::source(*error)).map(ToString::to_string);
    let inward = texts.collect::<Vec<_>>().into_iter().rev();
    inward.reduce(|sources, text| joined(&text, &sources)).unwrap_or_default()
}

/// The text of an error, and what it does not say of the text of its sources.
fn joined(text: &str, sources: &str) -> String {
    let ends = once(sources.len()).chain(sources.rmatch_indices(": ").map(|(at, _)| at));
    let mut unsaid = ends.map(|end| sources.split_at(end)).filter(|(said, _)| text.ends_with(said));
    match unsaid.next() {
        Some((_, unsaid)) => format!("{text}{unsaid}"),
        None => format!("{text}: {sources}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thiserror::Error;

    #[derive(Debug, Error)]
    enum AlbumError {
        #[error("the photo is unreadable")]
        Photo(#[source] NonRetryableProcessError),
        #[error("the album was withdrawn")]
        Withdrawn(#[from] CancelProcessError),
        #[error("the disk is busy")]
        Busy,
        #[error(transparent)]
        Moved(#[from] RetryAfter),
        #[error(transparent)]
        Gone(CancelProcessError),
        #[error(transparent)]
        Broken(NonRetryableProcessError),
    }

    #[test]
    fn signals_are_found_beneath_an_error_that_shows_their_text_as_its_own() {
        let gone = TaskError::new(AlbumError::Gone(CancelProcessError::new("stop")));
        assert_eq!((gone.kind(), gone.to_string().as_str()), (TaskErrorKind::Cancel, "stop"));
        let broken = TaskError::new(AlbumError::Broken(NonRetryableProcessError::new("bad header")));
        assert_eq!((broken.kind(), full_text(&broken).as_str()), (TaskErrorKind::NonRetryable, "bad header"));
        let moved = TaskError::new(AlbumError::Moved(RetryAfter::new(Duration::from_secs(5), "later")));
        assert_eq!(moved.retry_after(), Some(Duration::from_secs(5)));
    }

    #[test]
    fn what_a_signal_wraps_can_still_be_reached() {
        let unreadable = "many".parse::<u8>().non_retryable().unwrap_err();
        let error = TaskError::new(unreadable);
        let mut next = error.source();
        while next.is_some_and(|source| !source.is::<std::num::ParseIntError>()) {
            next = next.and_then(StdError::source);
        }
        assert!(next.is_some());
    }

    #[test]
    fn signals_are_found_alone_and_among_the_sources() {
        let cases: [(BoxError, TaskErrorKind); 6] = [
            (AlbumError::Busy.into(), TaskErrorKind::Failed),
            ("just text".into(), TaskErrorKind::Failed),
            (CancelProcessError::new("stop").into(), TaskErrorKind::Cancel),
            (AlbumError::Withdrawn(CancelProcessError::new("stop")).into(), TaskErrorKind::Cancel),
            (AlbumError::Photo(NonRetryableProcessError::new("broken")).into(), TaskErrorKind::NonRetryable),
            (RetryAfter::new(Duration::from_secs(5), "later").into(), TaskErrorKind::Failed),
        ];
        for (error, kind) in cases {
            let text = error.to_string();
            assert_eq!(TaskError::new(error).kind(), kind, "{text}");
        }
        let asked = TaskError::new(RetryAfter::new(Duration::from_secs(5), "later"));
        assert_eq!(asked.retry_after(), Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_task_error_stays_what_it_is() {
        let inner = TaskError::of_kind(TaskErrorKind::Timeout, "30 s are over");
        assert_eq!(TaskError::new(inner).kind(), TaskErrorKind::Timeout);
    }

    #[test]
    fn the_full_text_names_every_source_once() {
        let error = TaskError::new(AlbumError::Photo(NonRetryableProcessError::new("broken header")));
        assert_eq!(full_text(&error), "the photo is unreadable: broken header");
    }

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Self>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Layer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    #[test]
    fn the_full_text_repeats_nothing_that_an_error_says_of_its_sources() {
        for outermost in ["a", "a: b", "a: b: c", "a: b: c: d"] {
            let layers = ["d", "c", "b", outermost];
            let nested = layers.into_iter().fold(None, |source, text| Some(Box::new(Layer(text, source))));
            assert_eq!(nested.map(|layer| full_text(&*layer)).as_deref(), Some("a: b: c: d"), "{outermost}");
        }
        assert_eq!(full_text(&Layer("alone", None)), "alone");
    }
}
