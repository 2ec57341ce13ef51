//! [`Client`]: all processes of a backend, from the outside.

use std::fmt;
use std::sync::Arc;

use super::handle::{Handle, checked};
use crate::backend::{Backend, BackendError, EnqueueError, Enqueued, ProcessFilter, ProcessPage};
use crate::definition::process::Process;
use crate::words::name::check_name;

/// All processes of a backend, from any program: what is there, and what can be done with it.
///
/// ```
/// use tasktronaut::prelude::*;
/// use tasktronaut::backend::ProcessFilter;
///
/// #[derive(Default)]
/// struct Greeting;
///
/// #[process]
/// impl Greeting {
///     fn define_process() { process! { seq { say_hello; } } }
///
///     #[task]
///     fn say_hello(&self) {}
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let backend = LocalBackend::new();
/// let client = Client::new(&backend);
///
/// let processes = (0..3).map(|n| Greeting::process().identifier(format!("g-{n}")).build());
/// for handle in client.enqueue_all(&processes.collect::<Result<Vec<_>, _>>()?).await {
///     assert_eq!(handle?.enqueued(), tasktronaut::Enqueued::Created);
/// }
/// Worker::new(backend.clone()).run_until_idle().await?;
///
/// client.handle("g-1").wait().await?;
/// let page = client.list(&ProcessFilter::new().identifier_prefix("g-")).await?;
/// assert_eq!(page.processes.len(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client<B> {
    backend: B,
}

impl<B: Backend> Client<B> {
    /// A client of this backend.
    pub fn new(backend: &B) -> Self {
        Self { backend: backend.clone() }
    }

    /// The process of an identifier; whether there is one, its operations will tell.
    pub fn handle(&self, identifier: &str) -> Handle<B> {
        Handle { backend: self.backend.clone(), identifier: identifier.into(), enqueued: Enqueued::Existing }
    }

    /// Stores many processes in one call. Each of them is stored wholly or not at all (`R1`), whatever becomes of the
    /// others; the answers are in their order.
    pub async fn enqueue_all(&self, processes: &[Process]) -> Vec<Result<Handle<B>, EnqueueError>> {
        let capability = self.backend.capability();
        let checked: Vec<_> = processes.iter().map(|process| checked(process, &capability)).collect();
        let plans = checked.iter().filter_map(|plan| plan.as_ref().ok()).cloned().map(Arc::new).collect();
        let mut answers = self.backend.enqueue(plans).await.into_iter();
        let answer = |(process, plan): (&Process, Result<_, _>)| {
            plan?;
            let enqueued = answers.next().unwrap_or(Err(EnqueueError::Backend(BackendError::Closed)))?;
            let identifier = process.shared_identifier().clone();
            Ok(Handle { backend: self.backend.clone(), identifier, enqueued })
        };
        processes.iter().zip(checked).map(answer).collect()
    }

    /// A page of processes, in the order in which they were enqueued. Pages are stable: what was on one page is on no
    /// later one, whatever is enqueued or removed meanwhile.
    pub async fn list(&self, filter: &ProcessFilter) -> Result<ProcessPage, BackendError> {
        self.backend.list(filter).await
    }

    /// Pauses a queue: nothing in it is claimed until [`resume_queue`](Self::resume_queue). Workers of other programs
    /// know within a second, and those that start later at once. What runs goes on. The name is checked, and not whether
    /// anything is in that queue.
    pub async fn pause_queue(&self, queue: &str) -> Result<(), BackendError> {
        check_name(queue)?;
        self.backend.pause_queue(queue, true).await
    }

    /// Lets a queue go on.
    pub async fn resume_queue(&self, queue: &str) -> Result<(), BackendError> {
        check_name(queue)?;
        self.backend.pause_queue(queue, false).await
    }

    /// Everything that is stored of a process, as JSON, in the same form for all backends:
    ///
    /// - `identifier`, `definition`, `state` (`active`, `completed`, `failed`, `cancelled`), `ended`, `paused`,
    ///   `priority`, `outcome` (text or null), `created_at` and `ended_at` (milliseconds since 1970, or null);
    /// - `scopes`: `scope`, `parent`, `definition`, for the process and each place where a sub-process stands;
    /// - `jobs`: `job` (its number), `kind` (`task`, `hook`, `join`), `name`, `definition`, `scope`, `queue`,
    ///   `description`, `arguments`, `deps` (numbers of jobs), and, but for joins, `state`, `attempt`, `failed`,
    ///   `lost`, `error`, `error_kind`, `started_at`, `ended_at`.
    pub async fn dump(&self, identifier: &str) -> Result<serde_json::Value, BackendError> {
        super::dump::dump(&self.backend, identifier).await
    }
}

impl<B> fmt::Debug for Client<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Client;
    use crate::LocalBackend;
    use crate::backend::BackendError;

    #[test]
    fn queues_are_paused_by_names_that_queues_can_have() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let client = Client::new(&LocalBackend::new());
        for name in ["", "no such", "a\0b"] {
            let (paused, resumed) =
                runtime.block_on(async { (client.pause_queue(name).await, client.resume_queue(name).await) });
            assert!(matches!((paused, resumed), (Err(BackendError::Name(_)), Err(BackendError::Name(_)))));
        }
    }
}
