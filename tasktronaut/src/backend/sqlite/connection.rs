//! Opening connections, and refusing what cannot be relied on.

use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Error, ErrorCode, MAIN_DB, OpenFlags};

use super::error::{Trouble, corrupt, refused};
use super::options::SqliteOptions;
use super::schema;
use crate::backend::BackendError;
use crate::words::clock::Deadline;

/// Older ones can lose what was committed, when the write-ahead log begins anew while another program commits.
const OLDEST: (i32, &str) = (3_051_003, "3.51.3");

/// What who may only read is told.
const READ_ONLY: &str =
    "this program may only read it; give its user the right to write the file and its folder";

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
    prepare(path, options).map_err(|trouble| about(path, options, trouble))
}

fn prepare(path: &Path, options: &SqliteOptions) -> Result<Connection, Trouble> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if options.create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let mut conn = open(path, options, flags)?;
    check_rights(&conn)?;
    let mode = log_ahead(&conn, options.busy_timeout)?;
    if mode != "wal" {
        return Err(refused(format!(
            "it cannot have a write-ahead log (its journal mode is `{mode}`); put it on a disk of this computer"
        )));
    }
    // An acknowledged write survives a power cut.
    conn.pragma_update(None, "synchronous", "full")?;
    // The log is left to begin again after 4 MiB, as it is by default: a commit that makes it grow takes twice as long as
    // one that writes over what was there.
    schema::migrate(&mut conn)?;
    Ok(conn)
}

/// Refuses a database that can only be read: SQLite opens it so by itself where it may not write the file.
fn check_rights(conn: &Connection) -> Result<(), Trouble> {
    if conn.is_readonly(MAIN_DB)? { Err(refused(READ_ONLY)) } else { Ok(()) }
}

/// Opens a connection that only reads, in a database that is there.
pub(super) fn reading(path: &Path, options: &SqliteOptions) -> Result<Connection, Trouble> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let conn = open(path, options, flags)?;
        conn.pragma_update(None, "query_only", true)?;
        Ok(conn)
    };
    open().map_err(|trouble| about(path, options, trouble))
}

fn open(path: &Path, options: &SqliteOptions, flags: OpenFlags) -> Result<Connection, Trouble> {
    let mut conn = Connection::open_with_flags(path, flags)?;
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

/// Which file it is that cannot be used, and what to do where SQLite does not say it.
fn about(path: &Path, options: &SqliteOptions, trouble: Trouble) -> Trouble {
    let file = path.display();
    match &trouble {
        Trouble::Known(BackendError::Refused { reason, .. }) => refused(format!("{file}: {reason}")),
        Trouble::Known(_) => trouble,
        Trouble::Sql(error) => match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly) => refused(format!("{file}: {READ_ONLY}")),
            Some(ErrorCode::CannotOpen) => refused(format!("{file}: {}", why_not(path, options))),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                corrupt(format!("the file {file}"), error.to_string())
            }
            _ => trouble,
        },
    }
}

/// Why a file cannot be opened.
fn why_not(path: &Path, options: &SqliteOptions) -> &'static str {
    let has_folder = path.parent().is_none_or(Path::is_dir);
    match path.metadata() {
        Ok(file) if file.is_dir() => "it is a folder; name a file in it",
        Err(error) if error.kind() == ErrorKind::NotFound => match (has_folder, options.create) {
            (false, _) => "its folder is not there; make it first",
            (true, false) => "it is not there, and may not be made: `create=false`",
            (true, true) => "it cannot be made; give the user of this program the right to write its folder",
        },
        _ => "it cannot be opened; give the user of this program the right to write it and its folder",
    }
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

    /// Who may do everything, as tests often may, opens no file read-only by mistake.
    #[test]
    fn a_file_that_can_only_be_read_is_refused() {
        let folder = std::env::temp_dir().join(format!("tasktronaut-read-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let (path, options) = (folder.join("test.db"), SqliteOptions::new("test.db"));
        check_rights(&writing(&path, &options).unwrap()).unwrap();
        let conn = open(&path, &options, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        // Where only the folder cannot be written, SQLite says so when it writes.
        let late = conn.execute_batch("CREATE TABLE mine (id INTEGER)").unwrap_err();
        for trouble in [check_rights(&conn).unwrap_err(), late.into()] {
            let told = about(&path, &options, trouble).during("open the database");
            assert!(matches!(&told, BackendError::Refused { .. }), "{told:?}");
            assert!(told.to_string().contains(&format!("{}: {READ_ONLY}", path.display())), "{told}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
