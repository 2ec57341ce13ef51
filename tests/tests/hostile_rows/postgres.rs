//! PostgreSQL.

use std::fmt::Write as _;

use tasktronaut::backend::PostgresStore;
use tasktronaut_tests::server::Postgres;
use tokio_postgres::{Client, NoTls};

use super::dice::Dice;
use super::story::{Spoiler, spoilt_processes_harm_nobody};

/// Tables, what they call the key of a process, columns, and how a number `?` is written for them.
const NUMBERS: [(&str, &str, &str, &str); 22] = [
    ("process", "key", "phase", "?"),
    ("process", "key", "outcome", "?"),
    ("process", "key", "priority", "?"),
    ("process", "key", "created_at", "?"),
    ("process", "key", "ended_at", "?"),
    ("process", "key", "deadline_at", "?"),
    ("job", "process", "node", "?"),
    ("job", "process", "route", "?"),
    ("job", "process", "state", "?"),
    ("job", "process", "attempt", "?"),
    ("job", "process", "nonce", "?"),
    ("job", "process", "failed", "?"),
    ("job", "process", "lost", "?"),
    ("job", "process", "undecoded", "?"),
    ("job", "process", "ready_at", "?"),
    ("job", "process", "due_at", "?"),
    ("job", "process", "lease_until", "?"),
    ("meeting", "process", "node", "?"),
    ("meeting", "process", "remaining", "?"),
    ("meeting", "process", "release_nodes", "ARRAY[?]"),
    ("meeting", "process", "release_routes", "ARRAY[NULL, ?]"),
    ("meeting", "process", "meetings", "ARRAY[?, NULL]"),
];
const BYTES: [(&str, &str, &str); 4] = [
    ("process", "key", "plan"),
    ("process", "key", "memo"),
    ("job", "process", "event"),
    ("job", "process", "error"),
];

impl Spoiler for Client {
    async fn spoil(&mut self, identifier: &str, dice: &mut Dice) {
        let owner = format!("(SELECT key FROM tasktronaut.process WHERE identifier = '{identifier}')");
        let (table, id, column, value) = if dice.below(2) == 0 {
            let (table, id, column, value) = dice.one_of(&NUMBERS);
            (table, id, column, value.replace('?', &dice.number().to_string()))
        } else {
            let (table, id, column) = dice.one_of(&BYTES);
            let sql = format!("SELECT {column} FROM tasktronaut.{table} WHERE {id} = {owner} LIMIT 1");
            let known = self.query_opt(&sql, &[]).await.unwrap();
            let known: Option<Vec<u8>> = known.and_then(|row| row.get(0));
            let mut bytes = known.unwrap_or_default();
            dice.spoil(&mut bytes);
            let mut value = "'\\x".to_owned();
            for byte in bytes {
                write!(value, "{byte:02x}").unwrap();
            }
            (table, id, column, value + "'::bytea")
        };
        let sql = format!("UPDATE tasktronaut.{table} SET {column} = {value} WHERE {id} = {owner}");
        // What the schema itself refuses cannot be spoilt so.
        let _ = self.batch_execute(&sql).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn spoilt_processes_in_postgres_harm_nobody() {
    let server = Postgres::start().expect("PostgreSQL is installed");
    let store = PostgresStore::open(&server.url()).await.unwrap();
    let (raw, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    spoilt_processes_harm_nobody(store, raw).await;
}
