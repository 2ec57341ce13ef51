//! [`RedisOptions`]: where a server is, and the namespace in it.

use std::fmt;

use redis::{Client, ConnectionInfo, IntoConnectionInfo};

use super::error::refused;
use crate::backend::BackendError;
use crate::words::name::nearest;

/// The namespace of those who name none.
const DEFAULT_NAMESPACE: &str = "default";
/// The longest name of a namespace.
const MAX_NAMESPACE: usize = 64;

/// What who asks for encryption is told where there is none.
const NO_TLS: &str = "its URL asks for encryption, which is not built in; add the crate `redis` to your program with its \
    feature `tokio-rustls-comp` or `tokio-native-tls-comp`";

/// Where a Redis or Valkey server is, and which namespace of it is used.
///
/// ```text
/// redis://user:password@host:6379/0?namespace=shop
/// redis+unix:///run/redis.sock?db=0&user=..&pass=..&namespace=shop
/// ```
///
/// `protocol=resp3` is passed on, and a parameter that is not known is refused. `valkey://` and `valkey+unix://` are the same. `rediss://` and `valkeys://` are encrypted: a program has to depend on the
/// crate `redis` itself, with its feature `tokio-rustls-comp` or `tokio-native-tls-comp`, and is refused without. Programs
/// that use different namespaces of one database know nothing of each other. The password is never shown.
#[derive(Clone)]
pub struct RedisOptions {
    pub(super) connection: ConnectionInfo,
    pub(super) namespace: String,
}

impl RedisOptions {
    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, BackendError> {
        let (plain, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
        let (base, query) = plain.split_once('?').unwrap_or((plain, ""));
        let mut namespace = DEFAULT_NAMESPACE;
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("namespace", name) => namespace = name,
                (name, _) if parameters(base).contains(&name) => others.push(pair),
                // What has an `@` may be a password with a `?` in it, and is not shown.
                _ if query.contains('@') => {
                    return Err(refused(
                        "its URL has an unknown parameter; `?` in a password is `%3F`".to_owned(),
                    ));
                }
                (name, _) => return Err(refused(unknown(name, parameters(base)))),
            }
        }
        let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
        let url = format!("{base}{query}{fragment}");
        // What the parser says may repeat parts of the URL, and with them a password: only its category is kept.
        let connection = url.into_connection_info().map_err(|error| {
            if error.to_string().contains("TLS") {
                return refused(NO_TLS.to_owned());
            }
            refused(format!(
                "its URL makes no sense ({}); it should look like \
                 `redis://user:password@host:6379/0?namespace=name` or `redis+unix:///path?namespace=name`",
                error.category()
            ))
        })?;
        Self { connection, namespace: String::new() }.namespace(namespace)
    }

    /// The server of a client that you have, and the namespace `default`.
    ///
    /// ```no_run
    /// use tasktronaut::backend::{RedisBackend, RedisOptions, RedisStore};
    ///
    /// # async fn example(client: redis::Client) -> Result<(), tasktronaut::BackendError> {
    /// let options = RedisOptions::of_client(&client).namespace("shop")?;
    /// let backend = RedisBackend::new(RedisStore::open_with(options).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The store makes four connections of its own, each for one purpose: for what workers do, for leases, for wake-ups
    /// and for all else. More of them, as in a pool, would bring nothing.
    pub fn of_client(client: &Client) -> Self {
        let connection = client.get_connection_info().clone();
        Self { connection, namespace: DEFAULT_NAMESPACE.to_owned() }
    }

    /// Uses another namespace: 1 to 64 of `A-Z a-z 0-9 _ . -`.
    pub fn namespace(mut self, namespace: &str) -> Result<Self, BackendError> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
        if namespace.is_empty() || namespace.len() > MAX_NAMESPACE || !namespace.chars().all(is_plain) {
            return Err(refused("a namespace is 1 to 64 letters, digits, `_`, `.` and `-`".to_owned()));
        }
        namespace.clone_into(&mut self.namespace);
        Ok(self)
    }
}

/// The parameters that a URL may have; all but the namespace are those of the crate `redis`.
fn parameters(url: &str) -> &'static [&'static str] {
    match url.split_once(':') {
        Some((scheme, _)) if scheme.ends_with("unix") => &["namespace", "protocol", "db", "user", "pass"],
        _ => &["namespace", "protocol"],
    }
}

/// What who misspells a parameter is told.
fn unknown(name: &str, known: &[&str]) -> String {
    let meant = nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`? "));
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "its URL has an unknown parameter `{name}`; {}there are {}",
        meant.unwrap_or_default(),
        known.join(", ")
    )
}

/// The URL, without the password.
impl fmt::Display for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.connection.redis_settings();
        f.write_str("redis://")?;
        match (settings.username(), settings.password()) {
            (user, Some(_)) => write!(f, "{}:***@", user.unwrap_or_default())?,
            (Some(user), None) => write!(f, "{user}@")?,
            (None, None) => {}
        }
        write!(f, "{}/{}?namespace={}", self.connection.addr(), settings.db(), self.namespace)
    }
}

/// As it is displayed.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisOptions({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::RedisOptions;

    #[test]
    fn the_password_is_never_shown() {
        let options = RedisOptions::parse("redis://me:hunter2@example.org:7000/3?namespace=shop").unwrap();
        assert_eq!(options.to_string(), "redis://me:***@example.org:7000/3?namespace=shop");
        assert!(!format!("{options:?}").contains("hunter2"));
        let options = RedisOptions::parse("redis+unix:///run/it.sock?namespace=x&pass=hunter2&db=2").unwrap();
        assert_eq!(options.to_string(), "redis://:***@/run/it.sock/2?namespace=x");
        for wrong in ["redis://:hunter2@host:port", "http://:hunter2@host", "hunter2", "redis://h/hunter2"] {
            let error = RedisOptions::parse(wrong).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_refused() {
        for (url, told) in [
            ("redis://host?name=x", "unknown parameter `name`; there are `namespace`, `protocol`"),
            (
                "redis://host?namespce=x",
                "`namespce`; did you mean `namespace`? there are `namespace`, `protocol`",
            ),
            ("redis://host?namespace", "a namespace is 1 to 64 letters"),
            ("redis://host?protocol=resp3&db=1", "unknown parameter `db`"),
            ("redis+unix:///run/it.sock?password=hunter2", "unknown parameter `password`; there are"),
            ("redis://:hunter?2=x&hunter@host", "unknown parameter; `?` in a password is `%3F`"),
        ] {
            let error = RedisOptions::parse(url).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains("hunter"), "{error}");
        }
    }

    #[test]
    fn what_the_client_understands_is_left_to_it() {
        let three = redis::ProtocolVersion::RESP3;
        for url in ["redis://host?protocol=resp3&namespace=x", "valkey+unix:///s?namespace=x&protocol=3&db=2"]
        {
            let options = RedisOptions::parse(url).unwrap();
            assert_eq!(options.connection.redis_settings().protocol(), three, "{url}");
            assert_eq!(options.namespace, "x");
        }
        assert_eq!(RedisOptions::parse("redis://host?namespace=x#insecure").unwrap().namespace, "x");
    }

    #[test]
    fn who_asks_for_encryption_in_vain_is_told_what_to_do() {
        for url in ["rediss://:hunter2@host", "valkeys://:hunter2@host?namespace=x"] {
            let error = RedisOptions::parse(url).unwrap_err().to_string();
            assert!(error.contains("not built in") && error.contains("tokio-rustls-comp"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_client_that_is_there_is_as_good_as_its_url() {
        let client = redis::Client::open("redis://me:hunter2@example.org:7000/3").unwrap();
        let options = RedisOptions::of_client(&client).namespace("shop").unwrap();
        assert_eq!(options.to_string(), "redis://me:***@example.org:7000/3?namespace=shop");
    }

    #[test]
    fn a_namespace_cannot_leave_its_keys() {
        assert_eq!(RedisOptions::parse("redis://host").unwrap().namespace, "default");
        for wrong in ["", "a}b", "a b", "a:b", "ä", &"a".repeat(65)] {
            assert!(RedisOptions::parse(&format!("redis://host?namespace={wrong}")).is_err(), "{wrong}");
        }
    }
}
