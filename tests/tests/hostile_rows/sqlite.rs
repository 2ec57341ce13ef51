//! SQLite.

use rusqlite::Connection;
use tasktronaut::backend::WorkerId;
use tasktronaut::backend::sqlite::{SqliteOptions, SqliteStore};

use super::dice::Dice;
use super::story::{Spoiler, spoilt_processes_harm_nobody};

/// Tables, what they call the key of a process, and columns.
const NUMBERS: [(&str, &str, &str); 17] = [
    ("process", "key", "phase"),
    ("process", "key", "outcome"),
    ("process", "key", "paused"),
    ("process", "key", "rank"),
    ("process", "key", "ended_at"),
    ("process", "key", "deadline"),
    ("job", "process", "node"),
    ("job", "process", "route"),
    ("job", "process", "state"),
    ("job", "process", "attempt"),
    ("job", "process", "nonce"),
    ("job", "process", "failed"),
    ("job", "process", "lost"),
    ("job", "process", "undecoded"),
    ("job", "process", "ready_at"),
    ("meeting", "process", "waits_for"),
    ("meeting", "process", "node"),
];
const BYTES: [(&str, &str, &str); 5] = [
    ("plan", "process", "plan"),
    ("process", "key", "memo"),
    ("job", "process", "event"),
    ("job", "process", "error"),
    ("meeting", "process", "lets_go"),
];

impl Spoiler for Connection {
    async fn spoil(&mut self, identifier: &str, dice: &mut Dice) {
        let sql = "SELECT key FROM process WHERE identifier = ?1";
        let key: i64 = self.query_row(sql, [identifier], |row| row.get(0)).unwrap();
        if dice.below(2) == 0 {
            let (table, id, column) = dice.one_of(&NUMBERS);
            let sql = format!("UPDATE OR IGNORE {table} SET {column} = ?1 WHERE {id} = ?2");
            // What the schema itself refuses cannot be spoilt so.
            let _ = self.execute(&sql, [dice.number(), key]);
            return;
        }
        let (table, id, column) = dice.one_of(&BYTES);
        let sql = format!("SELECT {column} FROM {table} WHERE {id} = ?1 LIMIT 1");
        let known: Option<Vec<u8>> = self.query_row(&sql, [key], |row| row.get(0)).unwrap_or_default();
        let mut bytes = known.unwrap_or_default();
        dice.spoil(&mut bytes);
        let sql = format!("UPDATE {table} SET {column} = ?1 WHERE {id} = ?2");
        let _ = self.execute(&sql, rusqlite::params![bytes, key]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spoilt_processes_in_sqlite_harm_nobody() {
    let folder = std::env::temp_dir().join(format!("tasktronaut-{}", WorkerId::random()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("test.db");
    let store = SqliteStore::open_with(SqliteOptions::new(&file)).unwrap();
    let raw = Connection::open(&file).unwrap();
    raw.busy_timeout(std::time::Duration::from_mins(1)).unwrap();
    spoilt_processes_harm_nobody(store, raw).await;
    let _ = std::fs::remove_dir_all(folder);
}
