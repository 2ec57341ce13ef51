//! Looking at a server before it is trusted with anything.

use redis::{Value, cmd};

use super::error::{failed, refused};
use super::keys::Keys;
use super::link::Link;
use super::reply::{list, text};
use crate::backend::BackendError;

/// The oldest server with the commands that the scripts use.
const OLDEST: (u32, u32) = (6, 2);
/// The version of the layout of keys and records.
const LAYOUT: &str = "1";

const WHAT: &str = "open the store";

/// Refuses a server that would lose or change what is kept, and warns of one that may.
pub(super) async fn examine(link: &Link, keys: &Keys) -> Result<(), BackendError> {
    check_version(link).await?;
    check_eviction(link).await?;
    warn_of_weak_log(link).await?;
    check_layout(link, keys).await
}

async fn check_version(link: &Link) -> Result<(), BackendError> {
    let answer = link.send(cmd("INFO").arg("server")).await.map_err(failed(WHAT))?;
    let info = match answer {
        Value::VerbatimString { text, .. } => text,
        answer => text("information about the server", answer)?,
    };
    // Valkey says 7.2.4 here, for the sake of those who ask.
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("0");
    let mut parts = version.trim().split('.').map(|part| part.parse().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < OLDEST {
        return Err(refused(format!("the server is Redis {version}; use 6.2 or newer, or Valkey")));
    }
    Ok(())
}

async fn check_eviction(link: &Link) -> Result<(), BackendError> {
    match setting(link, "maxmemory-policy").await? {
        Some(policy) if policy != "noeviction" => Err(refused(format!(
            "its `maxmemory-policy` is `{policy}`, so it drops jobs when memory is short; \
             set it with `CONFIG SET maxmemory-policy noeviction` and in the server's configuration"
        ))),
        Some(_) => Ok(()),
        None => {
            tracing::warn!("the server does not tell its `maxmemory-policy`; it must be `noeviction`");
            Ok(())
        }
    }
}

async fn warn_of_weak_log(link: &Link) -> Result<(), BackendError> {
    let (log, sync) = (setting(link, "appendonly").await?, setting(link, "appendfsync").await?);
    if log.as_deref() == Some("no") {
        tracing::warn!(
            "the server keeps no append-only file: what is acknowledged may be lost when it stops"
        );
    } else if sync.is_some_and(|sync| sync != "always") {
        tracing::warn!(
            "the server's `appendfsync` is not `always`: a power cut may lose what is acknowledged"
        );
    }
    Ok(())
}

/// A setting of the server; nothing where a managed server does not tell.
async fn setting(link: &Link, name: &str) -> Result<Option<String>, BackendError> {
    match link.send(cmd("CONFIG").arg("GET").arg(name)).await {
        Ok(Value::Map(pairs)) => pairs.into_iter().next().map(|(_, value)| text(name, value)).transpose(),
        Ok(answer) => list(name, answer)?.into_iter().nth(1).map(|value| text(name, value)).transpose(),
        Err(error) if error.is_io_error() => Err(failed(WHAT)(error)),
        Err(_) => Ok(None),
    }
}

async fn check_layout(link: &Link, keys: &Keys) -> Result<(), BackendError> {
    let meta = keys.one("meta");
    link.send(cmd("HSETNX").arg(&meta).arg("layout").arg(LAYOUT)).await.map_err(failed(WHAT))?;
    let found = link.send(cmd("HGET").arg(&meta).arg("layout")).await.map_err(failed(WHAT))?;
    let found = text("the version of the layout", found)?;
    if found == LAYOUT {
        return Ok(());
    }
    Err(refused(format!(
        "the namespace was written by another version of tasktronaut (layout {found}, not {LAYOUT})"
    )))
}
