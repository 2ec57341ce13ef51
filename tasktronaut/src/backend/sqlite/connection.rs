//! Opening connections, and refusing what cannot be relied on.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use super::error::{Trouble, refused};
use super::options::SqliteOptions;
use super::schema;
use crate::words::clock::Deadline;

/// Older ones can lose what was committed, when the write-ahead log begins anew while another program commits.
const OLDEST: (i32, &str) = (3_051_003, "3.51.3");

/// The statements that a connection keeps prepared; there are fewer.
const STATEMENTS: usize = 128;

/// Opens a connection that writes, in a database that is made or brought up to date first.
pub(super) fn writing(path: &Path, options: &SqliteOptions) -> Result<Connection, Trouble> {
    if rusqlite::version_number() < OLDEST.0 {
        return Err(refused(format!(
            "SQLite {} can lose what was committed; {} is the oldest that does not",
            rusqlite::version(),
            OLDEST.1
        )));
    }
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if options.create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut conn = open(path, options, flags)?;
    let mode = log_ahead(&conn, options.busy_timeout)?;
    if mode != "wal" {
        return Err(refused(format!(
            "{} cannot have a write-ahead log (its journal mode is `{mode}`); put it on a disk of this computer",
            path.display()
        )));
    }
    // An acknowledged write survives a power cut.
    conn.pragma_update(None, "synchronous", "full")?;
    // The log is left to begin again after 4 MiB, as it is by default: a commit that makes it grow takes twice as long as
    // one that writes over what was there.
    schema::migrate(&mut conn)?;
    Ok(conn)
}

/// Opens a connection that only reads, in a database that is there.
pub(super) fn reading(path: &Path, options: &SqliteOptions) -> Result<Connection, Trouble> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open(path, options, flags)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

fn open(path: &Path, options: &SqliteOptions, flags: OpenFlags) -> Result<Connection, Trouble> {
    let mut conn = Connection::open_with_flags(path, flags).map_err(|error| match &error {
        Error::SqliteFailure(failure, _) if failure.code == ErrorCode::CannotOpen => {
            refused(format!("{}: the file cannot be opened; is its folder there?", path.display()))
        }
        _ => error.into(),
    })?;
    patience(&mut conn, options.busy_timeout)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise some statements are planned anew for each value that they are given.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "foreign_keys", false)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    // 64 MiB, taken as they are needed.
    conn.pragma_update(None, "cache_size", -65_536)?;
    Ok(conn)
}

/// Sets the write-ahead log; the answer is the journal mode.
///
/// Who does so first must be alone with the file for a moment. SQLite does not wait for that: two that both read, and
/// want to write next, would wait for each other.
fn log_ahead(conn: &Connection, longest: Duration) -> rusqlite::Result<String> {
    let deadline = Deadline::after(longest);
    loop {
        match conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)) {
            Err(Error::SqliteFailure(failure, _))
                if failure.code == ErrorCode::DatabaseBusy && !deadline.is_some_and(Deadline::has_passed) =>
            {
                thread::sleep(Duration::from_millis(1));
            }
            answer => return answer,
        }
    }
}

/// Has the connection try again while another one writes, often: SQLite's own pauses grow to a tenth of a second, and
/// a program that commits one transaction after the other would then hardly ever be met between two of them.
fn patience(conn: &mut Connection, longest: Duration) -> Result<(), Trouble> {
    let mut deadline = None;
    conn.busy_handler(Some(move |count: i32| {
        if count == 0 {
            deadline = Deadline::after(longest);
        }
        thread::sleep(Duration::from_micros(if count < 10 { 50 } else { 200 }));
        !deadline.is_some_and(Deadline::has_passed)
    }))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_a_commit_is_logged_ahead_and_synced() {
        let folder = std::env::temp_dir().join(format!("tasktronaut-synced-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("test.db");
        let conn = writing(&path, &SqliteOptions::new(&path)).unwrap();
        let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2), "2 stands for `full`");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
