//! [`Lane`]: a few connections for one purpose, so that purposes do not wait for each other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep_until;
use tokio_postgres::{Client, Error, Row};

use super::connect::{Connect, Connected, Unreachable, drive};
use super::fault::{answered, failed};
use super::limit::{ANSWER, Limit};
use super::session::{Parameters, Session, judge};
use crate::backend::BackendError;
use crate::words::clock::Deadline;

/// The first pause after a connection could not be made, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// A few connections for one purpose. They are made when they are needed, and made again when they were lost.
///
/// A connection may be lost while it is idle, with the server or with the runtime that it was made in, and nobody knows
/// until it is used. What was sent on such a one is sent once more on another: every operation of a
/// [`Store`](crate::backend::store::Store) may be.
///
/// A connection goes back to the lane after a statement that came to its end; anything else closes it: a future that
/// is dropped half-way leaves no transaction open.
pub(super) struct Lane {
    connect: Arc<dyn Connect>,
    permits: Semaphore,
    idle: Mutex<Vec<Session>>,
    pause: Mutex<Option<(Deadline, Duration)>>,
    limit: Duration,
}

/// A connection on loan; closed when it is not [`keep`](Self::keep)ed.
pub(super) struct Loan<'a> {
    lane: &'a Lane,
    session: Session,
    was_idle: bool,
    _permit: SemaphorePermit<'a>,
}

impl Loan<'_> {
    /// The connection itself.
    pub(super) fn client(&self) -> &Client {
        self.session.client()
    }

    /// Whether it may have been lost before it was lent, as this error of it says.
    pub(super) fn was_lost(&self, error: &Error) -> bool {
        self.was_idle && error.is_closed()
    }

    /// Gives the connection back, which is idle and outside a transaction.
    pub(super) fn keep(self) {
        if !self.client().is_closed() {
            self.lane.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.session);
        }
    }
}

impl Lane {
    /// A lane of so many connections, on which one operation may take so long.
    pub(super) fn new(connect: Arc<dyn Connect>, connections: usize, limit: Duration) -> Self {
        Self {
            connect,
            permits: Semaphore::new(connections),
            idle: Mutex::default(),
            pause: Mutex::default(),
            limit,
        }
    }

    /// The limit of an operation that begins now.
    pub(super) fn limit(&self, operation: &'static str) -> Limit {
        Limit::of(operation, self.limit)
    }

    /// A connection, as soon as one is free or made; a late one is no use to anybody.
    pub(super) async fn loan(&self, limit: &Limit) -> Result<Loan<'_>, BackendError> {
        let permit = limit.hold("waiting for a free connection", self.permits.acquire()).await?;
        let permit = permit.map_err(|_| BackendError::Closed)?;
        while let Some(session) = self.idle() {
            if !session.client().is_closed() {
                return Ok(Loan { lane: self, session, was_idle: true, _permit: permit });
            }
        }
        let session = limit.hold(self.connect.making(), self.connect()).await?;
        let session = session.map_err(|error| failed(limit.operation(), error))?;
        Ok(Loan { lane: self, session, was_idle: false, _permit: permit })
    }

    fn idle(&self) -> Option<Session> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// A new connection; not at once where the last one could not be made.
    async fn connect(&self) -> Result<Session, Unreachable> {
        let pause = *self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, _)) = pause {
            sleep_until(until.instant().into()).await;
        }
        let made = self.begin().await;
        let mut next = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        match made {
            Ok(session) => {
                *next = None;
                Ok(session)
            }
            Err(error) => {
                // Well within the limit, so that the next operation comes to know the reason, too.
                let longest = PAUSES.1.min(self.limit / 4);
                let pause = pause.map_or(PAUSES.0, |(_, last)| last * 2).min(longest);
                *next = Deadline::after(pause).map(|until| (until, pause));
                Err(error)
            }
        }
    }

    async fn begin(&self) -> Result<Session, Unreachable> {
        let Connected { client, driver, word } = self.connect.connect().await?;
        tokio::spawn(drive(driver, |_| {}));
        Session::of(client, word.as_deref()).await.map_err(|error| self.connect.unreachable(error))
    }

    /// Has one statement done, which is a transaction by itself. It is done again where the server took it back
    /// because of another one, and where its connection was lost.
    pub(super) async fn query(
        &self,
        operation: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, BackendError> {
        let limit = self.limit(operation);
        let mut repeats = 0;
        loop {
            let mut loan = self.loan(&limit).await?;
            match limit.hold(ANSWER, loan.session.query(sql, parameters)).await? {
                Ok(rows) => {
                    loan.keep();
                    return Ok(rows);
                }
                Err(error) if loan.was_lost(&error) => {}
                Err(error) => {
                    let judgement = judge(&error, repeats);
                    if judgement.keeps {
                        loan.keep();
                    }
                    if !judgement.repeats {
                        return Err(answered(operation, error));
                    }
                    repeats += 1;
                }
            }
        }
    }

    /// Like [`query`](Self::query), for a statement that gives exactly one row.
    pub(super) async fn query_one(
        &self,
        operation: &'static str,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Row, BackendError> {
        let rows = self.query(operation, sql, parameters).await?;
        rows.into_iter().next().ok_or_else(|| failed(operation, "the server gave no row"))
    }
}
