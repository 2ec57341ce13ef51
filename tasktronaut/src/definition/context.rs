//! [`Context`]: what a task can know about the attempt it is, and say while it runs.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Notify;

use super::erased::Definition;
use super::tables::{NO_TEXT, Tables};
use crate::words::arguments::ArgumentsRef;
use crate::words::clock::Deadline;

/// What a running task can know and say: which process, task and attempt it is, whether the process was cancelled,
/// how far it has come, and whatever `around_task` left for it.
///
/// A task takes it as a parameter of the type `&Context`, wherever it stands:
///
/// ```
/// use tasktronaut::prelude::*;
///
/// #[derive(Default)]
/// struct Copying;
///
/// #[process]
/// impl Copying {
///     fn define_process(files: Vec<String>) {
///         process! { seq { copy; } }
///     }
///
///     #[task]
///     fn copy(&self, files: Vec<String>, context: &Context) {
///         for (done, _file) in files.iter().enumerate() {
///             if context.is_cancelled() {
///                 return;
///             }
///             context.progress((done as u64 + 1, files.len() as u64));
///         }
///     }
/// }
/// ```
pub struct Context {
    session: Arc<Session>,
    place: u32,
    node: u32,
    attempt: u32,
    deadline: Option<Deadline>,
    extensions: OnceLock<Arc<Extensions>>,
}

/// Values by their type.
type Extensions = Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>;

/// What all attempts of a process on one thread share.
pub(crate) struct Session {
    pub(crate) identifier: Arc<str>,
    pub(crate) tables: Arc<Tables>,
    pub(crate) signal: Signal,
    /// The worker has lost what it held of this process: what runs is dropped, and its end is not recorded (`R4`).
    abandoned: AtomicBool,
    /// Set when somebody begins to watch the process.
    pub(crate) listener: OnceLock<Arc<dyn ProgressListener>>,
}

impl Session {
    pub(crate) fn new(identifier: Arc<str>, tables: Arc<Tables>) -> Self {
        Self {
            identifier,
            tables,
            signal: Signal::default(),
            abandoned: AtomicBool::new(false),
            listener: OnceLock::new(),
        }
    }
}

impl Session {
    /// Gives up what runs of this process here. Inside one program nobody loses anything.
    #[cfg(feature = "durable")]
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
        self.signal.raise(Level::Drop);
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }
}

/// Who is told of a task's progress.
pub(crate) trait ProgressListener: Send + Sync {
    /// A running job said how far it has come.
    fn progress(&self, node: u32, progress: Progress);
}

/// How far a task has come.
///
/// ```
/// use tasktronaut::Progress;
///
/// let progress = Progress::new(3, 10).saying("photo-3.jpg");
/// assert_eq!((progress.done(), progress.total()), (3, 10));
/// assert_eq!(progress.message(), Some("photo-3.jpg"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    done: u64,
    total: u64,
    message: Option<Arc<str>>,
}

impl Progress {
    /// So many of so many parts are done.
    pub fn new(done: u64, total: u64) -> Self {
        Self { done, total, message: None }
    }

    /// Adds a text for people.
    #[must_use]
    pub fn saying(mut self, message: impl Into<Arc<str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The parts that are done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// All parts.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The text for people.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl From<(u64, u64)> for Progress {
    fn from((done, total): (u64, u64)) -> Self {
        Self::new(done, total)
    }
}

impl Context {
    pub(crate) fn new(session: Arc<Session>, place: u32, node: u32, attempt: u32) -> Self {
        Self { session, place, node, attempt, deadline: None, extensions: OnceLock::new() }
    }

    /// Another handle on the same attempt, with the same extensions.
    pub(crate) fn share(&self) -> Self {
        let extensions = Arc::clone(self.extensions.get_or_init(Arc::default));
        Self {
            session: Arc::clone(&self.session),
            place: self.place,
            node: self.node,
            attempt: self.attempt,
            deadline: self.deadline,
            extensions: OnceLock::from(extensions),
        }
    }

    /// Makes this the context of another job of the same process; true when it is one.
    pub(crate) fn reuse(&mut self, session: &Arc<Session>, place: u32, node: u32, attempt: u32) -> bool {
        if !Arc::ptr_eq(&self.session, session) {
            return false;
        }
        (self.place, self.node, self.attempt, self.deadline) = (place, node, attempt, None);
        self.extensions.take();
        true
    }

    /// The identifier of the process.
    pub fn identifier(&self) -> &str {
        &self.session.identifier
    }

    /// The name of the process definition that the task belongs to; within a sub-process, the sub-process's.
    pub fn definition(&self) -> &str {
        self.erased().name()
    }

    /// The name of the task.
    pub fn task(&self) -> &str {
        self.session.tables.task_name(self.place as usize).unwrap_or_default()
    }

    /// The description of this step, as it was resolved when the process was built.
    pub fn description(&self) -> Option<&str> {
        let text = self.session.tables.records[self.place as usize].description;
        (text != NO_TEXT).then(|| self.session.tables.text(text))
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The number of the job in the plan, as [`Attempt::job`](crate::observer::Attempt::job) counts.
    pub fn job(&self) -> usize {
        self.node as usize
    }

    /// A key for the outside world: the same for every attempt of this step, and for no other (`R23`).
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}", self.session.identifier, self.place)
    }

    /// Whether going on is of no use: the process was cancelled or has failed (`R12`, `R13`), or the attempt has taken
    /// longer than its timeout (`R15`).
    pub fn is_cancelled(&self) -> bool {
        self.session.signal.level() != Level::Run || self.deadline.is_some_and(Deadline::has_passed)
    }

    pub(crate) fn expire_at(&mut self, deadline: Option<Deadline>) {
        self.deadline = deadline;
    }

    /// Waits until the process is cancelled or has failed.
    pub async fn cancelled(&self) {
        self.session.signal.reached(Level::Stop).await;
    }

    /// Tells everyone in this program who watches the process how far this task has come: see
    /// [`Event::Progress`](crate::Event::Progress).
    pub fn progress(&self, progress: impl Into<Progress>) {
        if let Some(listener) = self.session.listener.get() {
            listener.progress(self.node, progress.into());
        }
    }

    /// Leaves a value for the task, from `around_task`, or the other way round; one for each type.
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) {
        let extensions = self.extensions.get_or_init(Arc::default);
        let mut extensions = extensions.lock().unwrap_or_else(PoisonError::into_inner);
        extensions.insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// The value of a type that was left here.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let extensions = self.extensions.get()?.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(extensions.get(&TypeId::of::<T>())?).downcast().ok()
    }

    pub(crate) fn arguments(&self) -> ArgumentsRef<'_> {
        self.session.tables.arguments.get(self.session.tables.records[self.place as usize].arguments)
    }

    pub(crate) fn erased(&self) -> &Definition {
        let record = &self.session.tables.records[self.place as usize];
        &self.session.tables.definitions[record.definition as usize]
    }

    pub(crate) fn task_index(&self) -> usize {
        self.session.tables.records[self.place as usize].task as usize
    }

    pub(crate) fn definition_instance<D: Send + Sync + 'static>(&self) -> &D {
        match self.erased().instance() {
            Some(instance) => instance,
            None => unreachable!("erased.rs makes calls for a definition's own tasks only"),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("identifier", &self.identifier())
            .field("definition", &self.definition())
            .field("task", &self.task())
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// How strongly a process asks its running tasks to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Not at all.
    Run = 0,
    /// The process has failed: a task may finish, but nobody waits for it (`R12`).
    Stop = 1,
    /// The process was cancelled: async tasks are dropped at the next await (`R13`).
    Drop = 2,
}

/// A process's request to its running tasks to end; it only ever rises.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    level: AtomicU8,
    changed: Notify,
}

impl Signal {
    pub(crate) fn level(&self) -> Level {
        match self.level.load(Ordering::Acquire) {
            0 => Level::Run,
            1 => Level::Stop,
            _ => Level::Drop,
        }
    }

    pub(crate) fn raise(&self, level: Level) {
        self.level.fetch_max(level as u8, Ordering::AcqRel);
        self.changed.notify_waiters();
    }

    pub(crate) async fn reached(&self, level: Level) {
        loop {
            let changed = self.changed.notified();
            if self.level() >= level {
                return;
            }
            changed.await;
        }
    }
}
