//! Opening: what is made, what is found again, and what is refused.

use tasktronaut::BackendError;
use tasktronaut::backend::store::Store;
use tasktronaut::backend::{SqliteOptions, SqliteStore};

use crate::folder::{Folder, add, claim, worker};

fn refused(options: SqliteOptions, part: &str) {
    match SqliteStore::open_with(options) {
        Err(error @ BackendError::Refused { .. }) => assert!(error.to_string().contains(part), "{error}"),
        other => panic!("{other:?} where `{part}` was expected"),
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_when_it_is_opened_again() {
    let folder = Folder::new();
    let key = add(&folder.store(), "album").await;
    let store = folder.store();
    assert_eq!(store.find("album").await.unwrap().map(|row| row.key), Some(key));
    let worker = worker(&store).await;
    assert_eq!(claim(&store, worker, 5).await.len(), 1);
}

#[tokio::test]
async fn a_url_opens_a_database() {
    let folder = Folder::new();
    let store = SqliteStore::open(&format!("sqlite://{}", folder.database().display())).unwrap();
    add(&store, "album").await;
    assert!(folder.database().exists());
    assert_eq!(store.capability().name, "sqlite");
}

#[test]
fn a_store_needs_no_runtime() {
    let folder = Folder::new();
    let store = folder.store();
    let mut find = std::pin::pin!(store.find("album"));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let found = loop {
        if let std::task::Poll::Ready(found) = find.as_mut().poll(&mut context) {
            break found;
        }
        std::thread::yield_now();
    };
    assert!(found.unwrap().is_none());
}

#[test]
fn a_file_that_is_not_there_is_made_only_where_it_may() {
    let folder = Folder::new();
    refused(folder.options().create(false), "test.db: it is not there, and may not be made: `create=false`");
    assert!(!folder.database().exists());
    drop(folder.store());
    SqliteStore::open_with(folder.options().create(false)).unwrap();
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let folder = Folder::new();
    for create in [true, false] {
        let options = SqliteOptions::new(folder.path().join("missing/test.db")).create(create);
        refused(options, "missing/test.db: its folder is not there; make it first");
    }
}

#[test]
fn a_folder_is_no_database() {
    let folder = Folder::new();
    let path = format!("{}: it is a folder; name a file in it", folder.path().display());
    refused(SqliteOptions::new(folder.path()), &path);
}

#[test]
fn memory_is_refused() {
    refused(SqliteOptions::new(":memory:"), "use the backend `memory:`");
    refused(SqliteOptions::new(""), "names no file");
}

#[test]
fn a_name_like_a_uri_is_a_file() {
    let folder = Folder::new();
    let path = folder.path().join("file:album?mode=memory");
    SqliteStore::open_with(SqliteOptions::new(&path)).unwrap();
    assert!(path.exists());
}

#[test]
fn a_newer_database_is_refused() {
    let folder = Folder::new();
    drop(folder.store());
    folder.raw().pragma_update(None, "user_version", 99).unwrap();
    refused(folder.options(), "test.db: the database is of version 99");
}

#[test]
fn another_programs_database_is_refused() {
    let folder = Folder::new();
    folder.raw().execute_batch("CREATE TABLE mine (id INTEGER)").unwrap();
    refused(folder.options(), "test.db: the file belongs to another program");
}

#[test]
fn what_is_no_database_is_an_error() {
    let folder = Folder::new();
    std::fs::write(
        folder.database(),
        "a text that is no database, and long enough to be looked at ".repeat(40),
    )
    .unwrap();
    let error = SqliteStore::open_with(folder.options()).unwrap_err();
    assert!(matches!(error, BackendError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains(&folder.database().display().to_string()), "{error}");
}

#[test]
fn many_may_make_the_database_at_the_same_time() {
    let folder = Folder::new();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let options = folder.options();
            std::thread::spawn(move || SqliteStore::open_with(options).map(drop))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    let version: i64 = folder.raw().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
}

#[tokio::test]
async fn a_commit_is_logged_ahead() {
    let folder = Folder::new();
    let store = folder.store();
    add(&store, "album").await;
    let mode: String = folder.raw().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}
