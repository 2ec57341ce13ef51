//! [`Session`]: a connection, and the statements that the server has prepared for it.
//!
//! A prepared statement saves the server a good part of the time that a short call takes. It belongs to one session of
//! the server; behind a pooler, which gives each transaction whichever session is free, another client's statement may
//! stand under the same name. So nothing is prepared unless the session is known to be this connection's own: it
//! remembers a word that only this connection has said.

use std::collections::HashMap;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row, Statement};

/// The parameters of a statement with their types.
pub(super) type Parameters<'a> = [(&'a (dyn ToSql + Sync), Type)];

/// The setting that keeps the word.
pub(super) const WORD: &str = "tasktronaut.word";

/// A connection.
pub(super) struct Session {
    client: Client,
    /// What is prepared, by its text; nothing where nothing may be.
    prepared: Option<HashMap<String, Statement>>,
}

impl Session {
    /// The session of a connection, to which this word was said as it began.
    pub(super) async fn of(client: Client, word: Option<&str>) -> Result<Self, Error> {
        let is_own = match word {
            Some(word) => {
                let sql = format!("SELECT coalesce(current_setting('{WORD}', true) = $1, false)");
                client.query_typed_one(&sql, &[(&word, Type::TEXT)]).await?.try_get(0)?
            }
            None => false,
        };
        Ok(Self { client, prepared: is_own.then(HashMap::new) })
    }

    /// The connection itself.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Has a statement done.
    pub(super) async fn query(&mut self, sql: &str, parameters: &Parameters<'_>) -> Result<Vec<Row>, Error> {
        let Some(prepared) = &mut self.prepared else {
            return self.client.query_typed(sql, parameters).await;
        };
        let statement = match prepared.get(sql) {
            Some(statement) => statement,
            None => {
                let types: Vec<Type> = parameters.iter().map(|(_, kind)| kind.clone()).collect();
                let statement = self.client.prepare_typed(sql, &types).await?;
                prepared.entry(sql.to_owned()).or_insert(statement)
            }
        };
        let values: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|(value, _)| *value).collect();
        self.client.query(statement, &values).await
    }
}

/// Whether the server does not have what was prepared any more, or would understand it otherwise now: nothing was
/// done, and another connection begins anew.
pub(super) fn is_stale(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::FEATURE_NOT_SUPPORTED].contains(code)
    })
}
