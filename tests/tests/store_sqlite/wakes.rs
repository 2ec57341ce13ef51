//! Wake-ups between programs arrive at once, and leave nothing behind.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tasktronaut::backend::store::{Store, Wake};
use tasktronaut::backend::{SqliteOptions, SqliteStore};

use crate::folder::{Folder, add, claim, worker};

const PATIENCE: Duration = Duration::from_secs(10);

async fn listen(store: &SqliteStore) -> Receiver<Wake> {
    let (send, receive) = mpsc::channel();
    store.subscribe(Arc::new(move |wake| _ = send.send(wake))).await.unwrap();
    receive
}

#[tokio::test]
async fn what_has_ended_is_named() {
    let folder = Folder::new();
    let (here, there) = (folder.store(), folder.store());
    let heard = listen(&there).await;
    here.announce(&[Wake::Ended(7), Wake::Stopping(8), Wake::Ready]);
    for expected in [Wake::Ended(7), Wake::Stopping(8), Wake::Ready] {
        assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), expected);
    }
}

#[tokio::test]
async fn the_own_program_hears_at_once() {
    let folder = Folder::new();
    let store = folder.store();
    let heard = listen(&store).await;
    store.announce(&[Wake::Ready]);
    assert_eq!(heard.try_recv(), Ok(Wake::Ready));
}

#[tokio::test]
async fn who_comes_later_is_found_and_who_goes_is_forgotten() {
    let folder = Folder::new();
    let here = folder.store();
    here.announce(&[Wake::Ready]);
    for _ in 0..3 {
        let there = folder.store();
        let heard = listen(&there).await;
        let deadline = std::time::Instant::now() + PATIENCE;
        while heard.try_recv().is_err() {
            here.announce(&[Wake::Ready]);
            assert!(std::time::Instant::now() < deadline);
            std::thread::yield_now();
        }
    }
    here.announce(&[Wake::Ready]);
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with("-wake")), "{names:?}");
}

#[tokio::test]
async fn the_socket_of_a_killed_program_is_cleared_away() {
    let folder = Folder::new();
    let sockets = folder.path().join("test.db-wake");
    std::fs::create_dir_all(&sockets).unwrap();
    // A socket that nobody has open any more.
    drop(std::os::unix::net::UnixDatagram::bind(sockets.join("dead")).unwrap());
    folder.store().announce(&[Wake::Ready]);
    assert!(!sockets.join("dead").exists());
}

#[tokio::test]
async fn without_sockets_changes_are_noticed_all_the_same() {
    let folder = Folder::new();
    // Too long for the path of a socket.
    let long = folder.path().join("a".repeat(100));
    std::fs::create_dir_all(&long).unwrap();
    let options = SqliteOptions::new(long.join("test.db"));
    let (here, there) =
        (SqliteStore::open_with(options.clone()).unwrap(), SqliteStore::open_with(options).unwrap());
    let heard = listen(&there).await;
    add(&here, "album").await;
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Wake::Anything);
    while heard.try_recv().is_ok() {}
    add(&here, "another").await;
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Wake::Anything);
}

/// Whoever looks for work in vain, as every idle worker does, wakes nobody and costs no write to the disk.
#[tokio::test]
async fn who_finds_nothing_to_do_leaves_the_file_alone() {
    let folder = Folder::new();
    let store = folder.store();
    let worker = worker(&store).await;
    let raw = folder.raw();
    let version = || raw.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0)).unwrap();
    let before = version();
    for _ in 0..3 {
        // Some time passes, by the store's clock.
        std::thread::sleep(Duration::from_millis(2));
        assert!(claim(&store, worker, 5).await.is_empty());
    }
    assert_eq!(version(), before);
    add(&store, "album").await;
    assert_ne!(version(), before);
}

#[tokio::test]
async fn a_listener_that_does_not_listen_holds_nobody_up() {
    let folder = Folder::new();
    let (here, there) = (folder.store(), folder.store());
    let (open, gate) = mpsc::channel::<()>();
    let (send, heard) = mpsc::channel();
    let gate = std::sync::Mutex::new(gate);
    let listener = Arc::new(move |wake| {
        _ = gate.lock().unwrap().recv();
        _ = send.send(wake);
    });
    there.subscribe(listener).await.unwrap();
    for key in 0..5_000 {
        here.announce(&[Wake::Ended(key)]);
    }
    drop(open);
    // It has missed some, and the next one tells it so.
    let deadline = std::time::Instant::now() + PATIENCE;
    while heard.try_iter().all(|wake| wake != Wake::Anything) {
        here.announce(&[Wake::Ready]);
        assert!(std::time::Instant::now() < deadline);
        std::thread::yield_now();
    }
}
