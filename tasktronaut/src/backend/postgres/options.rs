//! [`PostgresOptions`]: where the database is, and how it is used.

use std::fmt;
use std::time::Duration;

use tokio_postgres::Config;

use super::fault::refused;
use super::url;
use crate::backend::BackendError;

/// Schemas are named so, and need no quotes; the rest of the 63 bytes of a name is left for channels.
const SCHEMA_LENGTH: usize = 50;

/// Where the database is, and how it is used. Never shows a password.
///
/// As a URL: `postgres://user:password@host:port/database?schema=tasktronaut`. All parameters of
/// [`tokio_postgres::Config`] are understood, and these:
///
/// | parameter | default | meaning |
/// |---|---|---|
/// | `schema` | `tasktronaut` | where the tables are; lower-case letters, digits and `_` |
/// | `timeout` | `30` | how many seconds one operation may take, opening the store included |
/// | `listen` | `true` | whether to wait for notifications; without, polling alone sees what others do |
///
/// `timeout` covers everything that an operation waits for: a free connection, a new one where there is none, and the
/// answer of the server. `connect_timeout`, 10 seconds unless it says otherwise, is for the first step of a new
/// connection to each host alone, until the host takes it; with several hosts it should be well below `timeout`.
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) config: Config,
    pub(super) listens_at: Option<Config>,
    pub(super) schema: String,
    pub(super) timeout: Duration,
    pub(super) listen: bool,
}

impl PostgresOptions {
    /// The options of a URL. What is wrong with one is named, a parameter that does not exist as well.
    ///
    /// ```
    /// # use tasktronaut::backend::PostgresOptions;
    /// let error = PostgresOptions::from_url("postgres://ann@db/shop?shcema=jobs").unwrap_err();
    /// assert!(error.to_string().ends_with("did you mean `schema`?"));
    /// ```
    pub fn from_url(url: &str) -> Result<Self, BackendError> {
        let url = url::parse(url)?;
        let mut options = Self::new(url.config);
        if let Some(schema) = url.schema {
            options = options.schema(schema)?;
        }
        if let Some(timeout) = url.timeout {
            options = options.timeout(timeout);
        }
        Ok(options.listen(url.listen.unwrap_or(true)))
    }

    /// The options with a configuration of one's own. What it leaves open is set so that a lost connection is noticed
    /// within a minute.
    pub fn new(config: Config) -> Self {
        Self {
            config: watchful(config),
            listens_at: None,
            schema: "tasktronaut".to_owned(),
            timeout: Duration::from_secs(30),
            listen: true,
        }
    }

    /// Waits for notifications at this place: the server itself, where the other one is a pooler, behind which there
    /// are none. It takes one connection of each program.
    ///
    /// ```
    /// # use tasktronaut::backend::PostgresOptions;
    /// let pooler = PostgresOptions::from_url("postgres://worker@db:6432/shop")?;
    /// let options = pooler.listen_on("postgres://worker@db:5432/shop".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn listen_on(mut self, server: Config) -> Self {
        self.listens_at = Some(watchful(server));
        self.listen(true)
    }

    /// Uses this schema; it is created when it is not there.
    pub fn schema(mut self, name: &str) -> Result<Self, BackendError> {
        let begins = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
        let goes_on = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !begins || !goes_on || name.len() > SCHEMA_LENGTH || name.starts_with("pg_") {
            return Err(refused(
                "the name of its schema has lower-case letters, digits and `_`, at most 50, and does not begin \
                 with a digit or `pg_`",
            ));
        }
        name.clone_into(&mut self.schema);
        Ok(self)
    }

    /// How long one operation may take: 30 seconds, unless this says otherwise. Waiting for a connection and making one
    /// are part of it.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether to wait for notifications.
    #[must_use]
    pub fn listen(mut self, listen: bool) -> Self {
        self.listen = listen;
        self
    }
}

/// A configuration with what it leaves open set so that a lost connection is noticed soon.
fn watchful(mut config: Config) -> Config {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_idle(Duration::from_secs(30));
        config.keepalives_interval(Duration::from_secs(10)).keepalives_retries(3);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_mins(1));
    }
    if config.get_application_name().is_none() {
        config.application_name("tasktronaut");
    }
    config
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("user", &self.config.get_user())
            .field("database", &self.config.get_dbname())
            .field("schema", &self.schema)
            .field("timeout", &self.timeout)
            .field("listen", &self.listen)
            .field("listens_at", &self.listens_at.as_ref().map(Config::get_hosts))
            .finish_non_exhaustive()
    }
}
