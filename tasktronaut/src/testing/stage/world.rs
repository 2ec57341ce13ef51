//! What the tasks and hooks of a case do, and the log of what they did.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::sync::watch;

use super::lab::{DEADLINE, Lab};
use crate::definition::call::Call;
use crate::definition::context::Context;
use crate::definition::hooks::HookFuture;
use crate::definition::task::{TaskFuture, TaskResult};
use crate::words::error::BoxError;

type Plain = Arc<dyn Fn(&Context) -> TaskResult + Send + Sync>;
type Asynchronous = Arc<dyn Fn(Call<Lab>) -> TaskFuture + Send + Sync>;
type Hook = Arc<dyn Fn() -> HookFuture<'static> + Send + Sync>;

/// The world of one case. A clone is the same world.
///
/// The log says `begin a`, `end a`, `fail a` of attempts, `drop a` of one that never came to its end,
/// `on_completed main` of hooks, and `on_task_failed a 1` of failed attempts.
#[derive(Clone, Default)]
pub struct World {
    log: Arc<watch::Sender<Vec<String>>>,
    actions: Arc<Mutex<Actions>>,
}

#[derive(Default)]
struct Actions {
    plain: HashMap<String, Plain>,
    asynchronous: HashMap<String, Asynchronous>,
    hooks: HashMap<String, Hook>,
}

impl World {
    /// A world in which every task succeeds and every hook does nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the plain task of this step does.
    pub fn plain(&self, step: &str, action: impl Fn(&Context) -> TaskResult + Send + Sync + 'static) {
        self.actions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .plain
            .insert(step.to_owned(), Arc::new(action));
    }

    /// What the async task of this step does.
    pub fn asynchronous<F>(&self, step: &str, action: impl Fn(Call<Lab>) -> F + Send + Sync + 'static)
    where
        F: Future<Output = TaskResult> + Send + 'static,
    {
        let action = move |call: Call<Lab>| -> TaskFuture { Box::pin(action(call)) };
        self.actions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .asynchronous
            .insert(step.to_owned(), Arc::new(action));
    }

    /// What a hook does, as `on_completed main`.
    pub fn hook<F>(&self, hook: &str, action: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let action = move || -> HookFuture<'static> { Box::pin(action()) };
        self.actions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .hooks
            .insert(hook.to_owned(), Arc::new(action));
    }

    /// Adds an entry to the log.
    pub fn note(&self, entry: impl Into<String>) {
        self.log.send_modify(|log| log.push(entry.into()));
    }

    /// The log.
    pub fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    /// How often an entry is in the log.
    pub fn count(&self, entry: &str) -> usize {
        self.log.borrow().iter().filter(|known| *known == entry).count()
    }

    /// The entries that begin with a word.
    pub fn all(&self, word: &str) -> Vec<String> {
        self.log.borrow().iter().filter(|entry| entry.starts_with(word)).cloned().collect()
    }

    /// Where the only entry of this text is in the log.
    pub fn position(&self, entry: &str) -> usize {
        let log = self.log();
        assert_eq!(self.count(entry), 1, "`{entry}` is not there once: {log:#?}");
        log.iter().position(|known| known == entry).unwrap()
    }

    /// Fails unless one entry comes before the other.
    pub fn assert_order(&self, first: &str, second: &str) {
        assert!(
            self.position(first) < self.position(second),
            "`{first}`, then `{second}`: {:#?}",
            self.log()
        );
    }

    /// Waits until an entry is there.
    pub async fn until(&self, entry: &str) {
        self.until_all(entry, 1).await;
    }

    /// Waits until an entry is there so many times.
    pub async fn until_all(&self, entry: &str, times: usize) {
        let mut changes = self.log.subscribe();
        let seen = changes.wait_for(|log| log.iter().filter(|known| *known == entry).count() >= times);
        let seen = tokio::time::timeout(DEADLINE, seen).await.map(drop);
        assert!(seen.is_ok(), "`{entry}` was never noted: {:#?}", self.log());
    }

    pub(crate) fn run_plain(&self, context: &Context) -> TaskResult {
        let step = context.description().unwrap_or_default();
        let action = self.actions.lock().unwrap_or_else(PoisonError::into_inner).plain.get(step).cloned();
        let attempt = Attempt::begin(self, step);
        attempt.end(action.map_or(Ok(()), |action| action(context)))
    }

    pub(super) async fn run_asynchronous(call: Call<Lab>) -> TaskResult {
        let world = call.definition().world.clone();
        let step = call.context().description().unwrap_or_default().to_owned();
        let action =
            world.actions.lock().unwrap_or_else(PoisonError::into_inner).asynchronous.get(&step).cloned();
        let attempt = Attempt::begin(&world, &step);
        let result = match action {
            Some(action) => action(call).await,
            None => Ok(()),
        };
        attempt.end(result)
    }

    pub(super) fn run_hook(&self, hook: &str) -> HookFuture<'static> {
        let world = self.clone();
        let hook = hook.to_owned();
        Box::pin(async move {
            world.note(hook.as_str());
            let action =
                world.actions.lock().unwrap_or_else(PoisonError::into_inner).hooks.get(&hook).cloned();
            match action {
                Some(action) => action().await,
                None => Ok(()),
            }
        })
    }
}

/// Notes how an attempt ends, also when it is dropped or panics.
struct Attempt {
    world: World,
    step: String,
    end: &'static str,
}

impl Attempt {
    fn begin(world: &World, step: &str) -> Self {
        world.note(format!("begin {step}"));
        Self { world: world.clone(), step: step.to_owned(), end: "drop" }
    }

    fn end(mut self, result: TaskResult) -> TaskResult {
        self.end = if result.is_ok() { "end" } else { "fail" };
        result
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.world.note(format!("{} {}", self.end, self.step));
    }
}

/// Holds up plain functions and async ones until it is opened.
#[derive(Clone, Default)]
pub struct Gate {
    inner: Arc<GateInner>,
}

#[derive(Default)]
struct GateInner {
    is_open: Mutex<bool>,
    opened: Condvar,
    notify: tokio::sync::Notify,
}

impl Gate {
    /// A gate that is closed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens it, for good.
    pub fn open(&self) {
        *self.inner.is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.inner.opened.notify_all();
        self.inner.notify.notify_waiters();
    }

    /// Blocks until the gate is open.
    pub fn block(&self) {
        let is_open = self.inner.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_open, _) = self
            .inner
            .opened
            .wait_timeout_while(is_open, DEADLINE, |is_open| !*is_open)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(*is_open, "the gate was never opened");
    }

    /// Waits until the gate is open.
    pub async fn pass(&self) {
        loop {
            let opened = self.inner.notify.notified();
            if *self.inner.is_open.lock().unwrap_or_else(PoisonError::into_inner) {
                return;
            }
            opened.await;
        }
    }
}

/// Blocks until a condition holds, for what only a plain function can see.
pub fn block_until(what: &str, holds: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < DEADLINE, "{what} never happened");
        std::thread::yield_now();
    }
}
