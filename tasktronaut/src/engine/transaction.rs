//! Enqueuing a process in a transaction of the caller's own.

use tokio_postgres::Transaction;

use super::handle::{Handle, checked};
use crate::backend::{Backend, EnqueueError, PostgresBackend};
use crate::definition::process::Process;

impl Process {
    /// Stores the process in a transaction of your own: it is there when that is committed, together with whatever else
    /// the transaction does, and never was if it is rolled back.
    ///
    /// ```no_run
    /// use tasktronaut::prelude::*;
    ///
    /// #[derive(Default)]
    /// struct Invoice;
    ///
    /// #[process(name = "invoice")]
    /// impl Invoice {
    ///     fn define_process(order: i64) { process! { seq { send; } } }
    ///
    ///     #[task]
    ///     fn send(&self, order: i64) {
    ///         println!("The invoice of order {order}");
    ///     }
    /// }
    ///
    /// # async fn example() -> Result<(), BoxError> {
    /// let url = "postgres://shop@db.example/shop";
    /// let AnyBackend::Postgres(backend) = AnyBackend::open(url).await? else {
    ///     return Err("orders are kept in PostgreSQL".into());
    /// };
    /// let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    /// tokio::spawn(connection);
    ///
    /// let transaction = client.transaction().await?;
    /// let order: i64 = transaction.query_one("INSERT INTO orders DEFAULT VALUES RETURNING id", &[]).await?.try_get(0)?;
    /// let process = Invoice::process(InvoiceArgs { order }).identifier(format!("invoice-{order}")).build()?;
    /// let handle = process.enqueue_in(&transaction, &backend).await?;
    /// transaction.commit().await?;
    ///
    /// handle.wait().await?; // not before the commit: there would be no such process
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// - The transaction is one of the database that the backend is in, on a connection of your own or of a pool; its
    ///   role has the [rights](crate::backend::postgres) of a worker.
    /// - The identifier counts as ever (`R2`), in the transaction and beyond: the same content gives
    ///   [`Enqueued::Existing`](crate::Enqueued::Existing), other content [`EnqueueError::IdentifierConflict`]. Where
    ///   another transaction that is still open has enqueued the identifier, the call waits for what becomes of that.
    /// - Workers are woken by the commit, with a notification. Its lock has commits with one wait for each other, on the
    ///   whole server.
    /// - The commit waits for the disk, whatever the default of the server is (`synchronous_commit = on`).
    /// - The connection is yours, and so is how long it may wait: the `timeout` of the backend does not count for it.
    ///
    /// Several processes can be enqueued in one transaction, one call after the other, or at once with `join!`: their
    /// calls are then sent without waiting for each other.
    ///
    /// # Errors
    ///
    /// What is too large ([`EnqueueError::TooManyJobs`], [`EnqueueError::PlanTooLarge`]) and what is in conflict is not
    /// stored, and leaves the transaction as it was: go on or roll back. After an error of the server
    /// ([`EnqueueError::Backend`]) it can only be rolled back, and be begun anew: the server takes a commit for a
    /// rollback then, and does not say so. One that is `REPEATABLE READ` or `SERIALIZABLE` may end so because of what
    /// others have committed since it began.
    pub async fn enqueue_in(
        &self,
        transaction: &Transaction<'_>,
        backend: &PostgresBackend,
    ) -> Result<Handle<PostgresBackend>, EnqueueError> {
        let plan = checked(self, &backend.capability())?;
        let enqueued = backend.enqueue_in(transaction, &plan).await?;
        Ok(Handle { backend: backend.clone(), identifier: self.shared_identifier().clone(), enqueued })
    }
}
