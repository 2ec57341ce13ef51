//! [`Direct`]: a connection that is served on the thread of its caller, which may block.
//!
//! Between asking and hearing no other thread has to be woken, which takes as long as the answer of an idle server.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tokio_postgres::{Error, Row};

use super::connect::{Connect, Connected, Driver, Unreachable};
use super::fault::{answered, failed};
use super::limit::{ANSWER, Limit};
use super::session::{Parameters, Session, judge};
use crate::backend::BackendError;

/// One connection that is opened when it is first used, and made anew when it was lost.
pub(super) struct Direct {
    connect: Arc<dyn Connect>,
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What the sockets of the connection belong to.
    runtime: Option<Runtime>,
    open: Option<Open>,
}

struct Open {
    session: Session,
    driver: Box<dyn Driver>,
}

impl Direct {
    /// One operation may take so long.
    pub(super) fn new(connect: Arc<dyn Connect>, limit: Duration) -> Self {
        Self { connect, limit, state: Mutex::default() }
    }

    /// Has one statement done, which is a transaction by itself, as [`Lane::query`](super::lane::Lane::query) does;
    /// nothing while somebody else is at it.
    ///
    /// The caller's thread may block, and serves no runtime at this moment.
    pub(super) fn query(
        &self,
        operation: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Option<Result<Vec<Row>, BackendError>> {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poison)) => {
                // Nobody knows what the connection is at.
                let mut state = poison.into_inner();
                state.open = None;
                self.state.clear_poison();
                state
            }
            Err(TryLockError::WouldBlock) => return None,
        };
        let State { runtime, open } = &mut *state;
        let runtime = match runtime {
            Some(runtime) => runtime,
            None => match Builder::new_current_thread().enable_all().build() {
                Ok(new) => runtime.insert(new),
                Err(error) => return Some(Err(failed(operation, error))),
            },
        };
        Some(runtime.block_on(self.serve(open, operation, sql, parameters)))
    }

    async fn serve(
        &self,
        state: &mut Option<Open>,
        operation: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, BackendError> {
        let limit = Limit::of(operation, self.limit);
        let mut repeats = 0;
        loop {
            // It is kept when it has come to an end with what it was asked.
            let mut kept = state.take();
            if let Some(open) = &mut kept
                && !open.is_there().await
            {
                kept = None;
            }
            let mut open = match kept {
                Some(open) => open,
                None => {
                    let begun = limit.hold(self.connect.making(), Open::begin(&*self.connect)).await?;
                    begun.map_err(|error| failed(operation, error))?
                }
            };
            let Open { session, driver } = &mut open;
            match limit.hold(ANSWER, driven(&mut **driver, session.query(sql, parameters))).await? {
                Ok(rows) => {
                    *state = Some(open);
                    return Ok(rows);
                }
                Err(error) => {
                    let judgement = judge(&error, repeats);
                    if judgement.keeps {
                        *state = Some(open);
                    }
                    if !judgement.repeats {
                        return Err(answered(operation, error));
                    }
                    repeats += 1;
                }
            }
        }
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        // The store may be dropped where nobody may wait.
        if let Ok(State { runtime: Some(runtime), .. }) = self.state.get_mut().map(std::mem::take) {
            runtime.shutdown_background();
        }
    }
}

impl Open {
    async fn begin(connect: &dyn Connect) -> Result<Self, Unreachable> {
        let Connected { client, mut driver, word } = connect.connect().await?;
        let session = driven(&mut *driver, Session::of(client, word.as_deref())).await;
        Ok(Self { session: session.map_err(|error| connect.unreachable(error))?, driver })
    }

    /// Whether the server has not closed it since it was last used.
    async fn is_there(&mut self) -> bool {
        // The runtime looks at its sockets.
        yield_now().await;
        loop {
            match self.driver.poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => return true,
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => return false,
            }
        }
    }
}

/// What comes of `work`, which waits for what `driver` moves.
async fn driven<T>(
    driver: &mut dyn Driver,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut work = pin!(work);
    let mut is_over = false;
    poll_fn(|context| {
        loop {
            if let Poll::Ready(answer) = work.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            if is_over {
                return Poll::Pending;
            }
            match driver.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(_))) => {}
                // Whoever waits for an answer is told so.
                Poll::Ready(None) => is_over = true,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
            }
        }
    })
    .await
}
