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

/// How often a statement is repeated of which nothing was done.
const REPEATS: usize = 5;

/// What is to be done after a statement that failed.
pub(super) struct Judgement {
    /// The session has come to an end with it and can be used on.
    pub(super) keeps: bool,
    /// Nothing was done, and it may be different the next time.
    pub(super) repeats: bool,
}

/// Judges the error of a statement that was repeated so often already.
pub(super) fn judge(error: &Error, repeats: usize) -> Judgement {
    let is_one_of = |codes: [SqlState; 2]| error.code().is_some_and(|code| codes.contains(code));
    // The server does not have what was prepared any more, or would understand it otherwise now: another session
    // begins anew.
    let is_stale = is_one_of([SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::FEATURE_NOT_SUPPORTED]);
    // It got in the way of another transaction.
    let is_taken_back = is_one_of([SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED]);
    Judgement {
        keeps: error.as_db_error().is_some() && !is_stale,
        repeats: repeats < REPEATS && (is_stale || is_taken_back),
    }
}
