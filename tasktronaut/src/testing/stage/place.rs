//! [`Place`]: a backend for one case alone, and short words for what cases do all the time.

use std::future::Future;
use std::pin::Pin;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::lab::{DEADLINE, Lab, seq};
use super::running::{Ended, Running};
use super::world::World;
use crate::backend::store::Retention;
use crate::backend::{Backend, BackendError, WorkerId};
use crate::definition::registry::Registry;
use crate::engine::{Handle, Worker};
use crate::words::clock::Deadline;
use crate::words::error::BoxError;

/// Opens the backends that the cases work on.
///
/// A function `async fn open(place: String) -> Result<impl Backend, BackendError>` is one.
pub trait Opener: Clone + Send + Sync + 'static {
    /// The kind of backend.
    type Backend: Backend;

    /// Opens the backend of a place: 16 random letters, for one case alone. It is empty when it is opened first; when
    /// it is opened again, that is another program which works on the same processes. A backend that is not
    /// [`shared`](crate::backend::Capability::shared) is opened once.
    fn open(&self, place: &str) -> impl Future<Output = Result<Self::Backend, BackendError>> + Send;

    /// The same, but the backend removes what has ended after these times (`R20`); nothing where it cannot be told
    /// to, and the case is left out.
    fn open_retaining(
        &self,
        place: &str,
        retention: Retention,
    ) -> impl Future<Output = Option<Result<Self::Backend, BackendError>>> + Send {
        let _ = (place, retention);
        async { None }
    }

    /// Removes the place, after the case.
    fn close(&self, place: &str) -> impl Future<Output = ()> + Send {
        let _ = place;
        async {}
    }
}

impl<F, Opening, B> Opener for F
where
    F: Fn(String) -> Opening + Clone + Send + Sync + 'static,
    Opening: Future<Output = Result<B, BackendError>> + Send,
    B: Backend,
{
    type Backend = B;

    fn open(&self, place: &str) -> impl Future<Output = Result<B, BackendError>> + Send {
        self(place.to_owned())
    }
}

/// A case that takes longer than this hangs.
const LONGEST: Duration = Duration::from_mins(5);

/// A case about sizes has the program and its server for itself: it keeps both busy for seconds, and others look at how
/// soon something happens.
static TURNS: RwLock<()> = RwLock::new(());

/// What a case says in the end; what it expects it asserts.
pub(crate) type CaseResult = Result<(), BoxError>;

/// 16 letters that nobody has used before.
fn random_place() -> String {
    let digits = WorkerId::random().to_string();
    let letter = |digit: char| char::from(b'a' + u8::try_from(digit.to_digit(16).unwrap_or(0)).unwrap_or(0));
    digits.chars().take(16).map(letter).collect()
}

/// Runs a case on a place and a runtime of its own.
pub(crate) fn on_a_place<O: Opener>(
    name: &str,
    open: &O,
    case: impl AsyncFnOnce(Place<O>) -> CaseResult,
) -> Result<(), BoxError> {
    let is_large = name.starts_with("sizes::");
    let _alone = is_large.then(|| TURNS.write().unwrap_or_else(PoisonError::into_inner));
    let _among_others = (!is_large).then(|| TURNS.read().unwrap_or_else(PoisonError::into_inner));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(async {
        let place = random_place();
        let opened = Place::open(open.clone(), place.clone()).await?;
        let result = tokio::time::timeout(LONGEST, case(opened)).await;
        open.close(&place).await;
        result.map_err(|_| format!("`{name}` did not end within {LONGEST:?}"))?
    });
    // What a case has left running must not hold up the others.
    runtime.shutdown_background();
    result
}

/// A case that has been chosen, not yet begun. Made in a function of its own: in the one that chooses, the futures of
/// all cases would lie side by side on the stack, megabytes of them.
#[inline(never)]
pub(crate) fn chosen<'a, F>(case: impl FnOnce() -> F) -> Pin<Box<dyn Future<Output = CaseResult> + 'a>>
where
    F: Future<Output = CaseResult> + 'a,
{
    Box::pin(case())
}

/// A backend for one case alone.
pub(crate) struct Place<O: Opener> {
    open: O,
    name: String,
    pub backend: O::Backend,
}

impl<O: Opener> Place<O> {
    pub async fn open(open: O, name: String) -> Result<Self, BoxError> {
        let backend = open.open(&name).await?;
        Ok(Self { open, name, backend })
    }

    /// Whether other programs can work on the same processes.
    pub fn is_shared(&self) -> bool {
        self.backend.capability().shared
    }

    /// The same processes, as another program sees them; in process, as another part of the program does.
    pub async fn other(&self) -> Result<O::Backend, BoxError> {
        if self.is_shared() { Ok(self.open.open(&self.name).await?) } else { Ok(self.backend.clone()) }
    }

    /// The same processes, in the eyes of a program that removes what has ended after these times.
    pub async fn retaining(&self, retention: Retention) -> Result<Option<O::Backend>, BoxError> {
        Ok(self.open.open_retaining(&self.name, retention).await.transpose()?)
    }

    /// A worker that knows this definition and all that are embedded in it.
    pub fn worker(&self, lab: &Lab) -> Worker<O::Backend> {
        worker(&self.backend, &lab.registry())
    }

    /// A worker that knows the definition called `main` in this world.
    pub fn worker_in(&self, world: &World) -> Worker<O::Backend> {
        self.worker(&Lab::new(world, seq([])))
    }

    /// A worker that knows these definitions.
    pub fn worker_of(&self, registry: &Registry) -> Worker<O::Backend> {
        worker(&self.backend, registry)
    }

    pub async fn enqueue(&self, lab: &Lab) -> Result<Handle<O::Backend>, BoxError> {
        Ok(lab.clone().build().enqueue(&self.backend).await?)
    }

    /// Starts a process on a worker that runs up to eight jobs at a time.
    pub async fn start(&self, lab: Lab) -> Result<Running<O::Backend>, BoxError> {
        self.start_with(lab, 8).await
    }

    /// Starts a process on a worker that runs so many jobs at a time.
    pub async fn start_with(&self, lab: Lab, concurrency: usize) -> Result<Running<O::Backend>, BoxError> {
        let handle = self.enqueue(&lab).await?;
        let worker = self.worker(&lab).concurrency(concurrency).start()?;
        Ok(Running { worker, handle })
    }

    /// Runs a process to its end.
    pub async fn run(&self, lab: Lab) -> Result<Ended, BoxError> {
        self.start(lab).await?.end().await
    }
}

/// A worker that knows these definitions and runs up to eight jobs at a time.
///
/// Its lease is long, so that a busy machine does not lose it; cases about leases ask for a shorter one.
pub(crate) fn worker<B: Backend>(backend: &B, registry: &Registry) -> Worker<B> {
    Worker::new(backend.clone()).registry(registry).concurrency(8)
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<Option<T>, BoxError>,
) -> Result<T, BoxError> {
    let deadline = Deadline::after(DEADLINE);
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if deadline.is_some_and(Deadline::has_passed) {
            return Err(format!("after {DEADLINE:?} it does not hold that {what}").into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
