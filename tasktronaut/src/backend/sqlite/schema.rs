//! The tables, in numbered steps.

use rusqlite::{Connection, TransactionBehavior};

use super::error::{Trouble, refused};

/// The steps, in their order; a database counts in its `user_version` how many it has taken. They are only ever added
/// to.
const STEPS: &[&str] = &[include_str!("schema.sql")];

/// What marks a database as one of ours: `task`.
const MARK: i32 = 0x7461_736B;

/// Takes the steps that the database has not taken yet. One that is newer than this program, or belongs to another
/// kind of program, is refused.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), Trouble> {
    // Two programs may open a new database at the same time.
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let mark: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if mark != MARK && (mark != 0 || taken != 0 || tables != 0) {
        return Err(refused("the file belongs to another program; give processes a database of their own"));
    }
    let Some(missing) = STEPS.get(usize::try_from(taken).unwrap_or(usize::MAX)..) else {
        return Err(refused(format!(
            "the database is of version {taken}, and this program knows {} only; use a newer program",
            STEPS.len()
        )));
    };
    for step in missing {
        transaction.execute_batch(step)?;
    }
    if !missing.is_empty() {
        transaction.pragma_update(None, "application_id", MARK)?;
        transaction.pragma_update(None, "user_version", i64::try_from(STEPS.len()).unwrap_or(i64::MAX))?;
    }
    Ok(transaction.commit()?)
}
