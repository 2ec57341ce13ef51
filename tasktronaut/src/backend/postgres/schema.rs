//! The tables and functions, and how they come to be.

use tokio_postgres::Client;

use super::fault::{failed, refused};
use crate::backend::BackendError;

/// What each version added, beginning with 1. What is here is never changed: programs of several versions share a
/// schema while they are being replaced.
const MIGRATIONS: &[&[&str]] = &[&[
    include_str!("sql/schema.sql"),
    include_str!("sql/common.sql"),
    include_str!("sql/enqueue.sql"),
    include_str!("sql/exchange.sql"),
    include_str!("sql/revise.sql"),
    include_str!("sql/leases.sql"),
    include_str!("sql/admin.sql"),
]];

/// PostgreSQL 13, as the server writes it.
const OLDEST_SERVER: i32 = 130_000;

const OPERATION: &str = "prepare its schema";

/// Brings the schema up to this program's version. Several programs may do so at once: a lock lets one of them do it.
///
/// After an error the connection is in the middle of a transaction, and has to be closed.
pub(super) async fn migrate(client: &Client, schema: &str) -> Result<(), BackendError> {
    check_server(client).await?;
    if version(client, schema).await? == Some(MIGRATIONS.len()) {
        return Ok(());
    }
    run(client, &format!("BEGIN; SELECT pg_advisory_xact_lock({}, 0)", class(schema, "migration"))).await?;
    let done = version(client, schema).await?;
    // Whoever may not create schemas can still be given one.
    let there = format!("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '{schema}')");
    if !holds(client, &there).await? {
        run(client, &format!("CREATE SCHEMA {schema}")).await?;
    }
    // One text: an iterator over borrowed ones must not be held while waiting.
    let statements: String = MIGRATIONS.iter().skip(done.unwrap_or(0)).map(|parts| parts.concat()).collect();
    run(client, &filled(&statements, schema)).await?;
    run(client, &format!("UPDATE {schema}.version SET number = {}; COMMIT", MIGRATIONS.len())).await
}

/// Runs statements that answer nothing.
async fn run(client: &Client, sql: &str) -> Result<(), BackendError> {
    client.batch_execute(sql).await.map_err(|error| failed(OPERATION, error))
}

/// The answer to a question.
async fn holds(client: &Client, sql: &str) -> Result<bool, BackendError> {
    let row = client.query_typed_one(sql, &[]).await.map_err(|error| failed(OPERATION, error))?;
    row.try_get(0).map_err(|error| failed(OPERATION, error))
}

/// Refuses a server on which the statements would not do what they promise.
async fn check_server(client: &Client) -> Result<(), BackendError> {
    let version = format!("SELECT current_setting('server_version_num')::integer >= {OLDEST_SERVER}");
    if !holds(client, &version).await? {
        return Err(refused("the server is older than PostgreSQL 13"));
    }
    if !holds(client, "SELECT current_setting('default_transaction_isolation') = 'read committed'").await? {
        return Err(refused(
            "its transactions are not `read committed`; say ALTER ROLE .. SET default_transaction_isolation = \
             'read committed'",
        ));
    }
    Ok(())
}

/// The version of the schema that is there; one that is newer than this program is refused.
async fn version(client: &Client, schema: &str) -> Result<Option<usize>, BackendError> {
    // The table itself is asked: what the server remembers of names may be older than the lock.
    let there = format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = '{schema}' AND tablename = 'version')"
    );
    if !holds(client, &there).await? {
        return Ok(None);
    }
    let fail = |error| failed(OPERATION, error);
    let row =
        client.query_typed_one(&format!("SELECT number FROM {schema}.version"), &[]).await.map_err(fail)?;
    let number: i32 = row.try_get(0).map_err(fail)?;
    let number = usize::try_from(number).map_err(|_| refused("its schema has no version"))?;
    if number > MIGRATIONS.len() {
        return Err(refused(&format!(
            "its schema `{schema}` has version {number}, and this program knows {}; a newer program has been here",
            MIGRATIONS.len()
        )));
    }
    Ok(Some(number))
}

/// The SQL for one schema. Names of schemas are letters, digits and `_`.
fn filled(sql: &str, schema: &str) -> String {
    sql.replace("{schema}", schema)
        .replace("{process_class}", &class(schema, "process").to_string())
        .replace("{worker_class}", &class(schema, "worker").to_string())
}

/// A number for a kind of advisory locks of one schema, the same in all programs: the hash FNV-1a.
fn class(schema: &str, kind: &str) -> i32 {
    let hash = schema
        .bytes()
        .chain([b'.'])
        .chain(kind.bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.cast_signed()
}
