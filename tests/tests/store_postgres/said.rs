//! What people read when the store cannot be opened: the whole reason, once, with the place, and never a password.

use std::error::Error;
use std::net::TcpListener;

use tasktronaut::backend::store::Store;
use tasktronaut::backend::{BackendError, PostgresOptions, PostgresStore};
use tasktronaut::prelude::*;
use tokio_postgres::NoTls;

use super::own::{client, place};
use super::{SERVER, open};

/// What is said of a URL that cannot be opened.
async fn said(url: &str) -> Result<String, BoxError> {
    let error = AnyBackend::open(url).await.err().ok_or("it was opened")?;
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    Ok(error.to_string())
}

/// The socket of the server, as it is named.
fn socket() -> String {
    let url = SERVER.url();
    let folder = url.trim_start_matches("postgres://postgres@").split(':').next().unwrap_or_default();
    format!("{}/.s.PGSQL.5432", folder.replace("%2F", "/"))
}

#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn the_server_says_what_is_missing() -> Result<(), BoxError> {
    let (url, socket) = (SERVER.url(), socket());
    assert_eq!(
        said(&url.replace(":5432/postgres", ":5432/nowhere")).await?,
        format!(
            "postgres failed to open the store: no connection to {socket}: db error: FATAL: database \"nowhere\" \
             does not exist"
        )
    );
    assert_eq!(
        said(&url.replace("postgres@", "nobody:s3cret@")).await?,
        format!(
            "postgres failed to open the store: no connection to {socket}: db error: FATAL: role \"nobody\" does not \
             exist"
        )
    );
    let role = format!("role_{}", place());
    client(&SERVER).await?.batch_execute(&format!("CREATE ROLE {role} LOGIN")).await?;
    assert_eq!(
        said(&url.replace("postgres@", &format!("{role}@"))).await?,
        "postgres failed to prepare its schema: db error: ERROR: permission denied for database postgres"
    );
    Ok(())
}

#[tokio::test]
async fn the_system_says_why_nobody_answers() -> Result<(), BoxError> {
    // A port that was free just now.
    let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    assert_eq!(
        said(&format!("postgres://ann:s3cret@{nobody}/shop")).await?,
        format!(
            "postgres failed to open the store: no connection to {nobody}: error connecting to server: \
             Connection refused (os error 111)"
        )
    );
    let unknown = said("postgres://ann:s3cret@nowhere.invalid/shop").await?;
    let known = "postgres failed to open the store: no connection to nowhere.invalid:5432: error connecting to \
                 server: failed to lookup address information: ";
    assert!(unknown.starts_with(known), "{unknown}");
    let several = said("postgres://ann:s3cret@nowhere.invalid,[::1]:1/shop?timeout=9").await?;
    assert!(several.contains("no connection to nowhere.invalid:5432, [::1]:1: "), "{several}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_url_is_told_what_is_wrong() -> Result<(), BoxError> {
    let refused = "postgres cannot be used: its URL";
    for (url, told) in [
        (
            "postgres://",
            "names no host; write `postgres://user@host/database`, or `postgres://user@%2Fvar%2Frun%2Fpostgresql/\
             database` where the server has a socket in that folder",
        ),
        (
            "postgres://ann:s3cret@host/shop?shcema=x",
            "has a parameter `shcema`, which does not exist; did you mean `schema`?",
        ),
        (
            "postgres://ann:s3cret@host/shop?conect_timeout=3",
            "has a parameter `conect_timeout`, which does not exist; did you mean `connect_timeout`?",
        ),
        (
            "postgres://ann:s3cret@host/shop?connect_timeout=soon",
            "has `connect_timeout=soon`, which makes no sense",
        ),
        (
            "postgres://ann:s3cret@host/shop?timeout=0",
            "has `timeout=0`, which makes no sense: it is a whole number of seconds, 1 or more",
        ),
        (
            "postgres://ann:s3cret@host:5432x/shop",
            "is not `postgres://user:password@host:port/database?parameter=value&..`: invalid value for option \
             `port`",
        ),
    ] {
        assert_eq!(said(url).await?, format!("{refused} {told}"), "{url}");
    }
    Ok(())
}

/// What shows all sources of an error shows each of them once, and the connector's own error is still among them.
#[tokio::test]
async fn the_source_is_kept() -> Result<(), BoxError> {
    let options = PostgresOptions::from_url("postgres://ann:s3cret@127.0.0.1:1/shop")?;
    let error = PostgresStore::open_with(options, NoTls).await.err().ok_or("there is a server")?;
    let mut sources = std::iter::successors(error.source(), |source| Error::source(*source));
    assert!(sources.any(|source| source.downcast_ref::<tokio_postgres::Error>().is_some()), "{error:?}");
    Ok(())
}

/// A process that was spoilt is named by more than the number of a column.
#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn an_answer_that_cannot_be_read_says_why() -> Result<(), BoxError> {
    let place = place();
    let store = open(place.clone()).await?;
    let spoil = format!(
        "CREATE OR REPLACE FUNCTION {place}.delete_process(p_key bigint, p_only_ended boolean) RETURNS boolean \
         LANGUAGE sql AS 'SELECT NULL::boolean'"
    );
    client(&SERVER).await?.batch_execute(&spoil).await?;
    let error = store.delete(1, true).await.err().ok_or("it was read")?;
    assert!(matches!(error, BackendError::Corrupt { .. }), "{error:?}");
    let told = "what postgres keeps as an answer makes no sense: error deserializing column 0: a Postgres value was \
                `NULL`";
    assert_eq!(error.to_string(), told);
    Ok(())
}
