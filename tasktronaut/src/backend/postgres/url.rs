//! What a URL says of a database, and what is wrong with it. Nothing of a password is ever shown.

use std::time::Duration;

use tokio_postgres::Config;

use super::fault::refused;
use crate::backend::BackendError;
use crate::words::error::full_text;
use crate::words::name::nearest;

/// A URL as it should be.
const SHAPE: &str = "is not `postgres://user:password@host:port/database?parameter=value&..`";

/// What may be meant by a parameter that does not exist: our own, and those of the connector's parser, which alone knows
/// what it understands.
const PARAMETERS: [&str; 22] = [
    "schema",
    "timeout",
    "listen",
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "sslmode",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// What a URL says.
pub(super) struct Url<'a> {
    pub(super) config: Config,
    pub(super) schema: Option<&'a str>,
    pub(super) timeout: Option<Duration>,
    pub(super) listen: Option<bool>,
}

/// What the parameters of a URL say.
#[derive(Default)]
struct Parameters<'a> {
    schema: Option<&'a str>,
    timeout: Option<Duration>,
    listen: Option<bool>,
    /// Those that the connector understands.
    others: Vec<&'a str>,
}

/// Reads a URL.
pub(super) fn parse(url: &str) -> Result<Url<'_>, BackendError> {
    // The connector's parser takes whatever stands before the first `@` for user and password.
    let (credentials, rest) = url.split_at(url.find('@').unwrap_or(0));
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    if place.matches('@').count() > 1 {
        return Err(wrong("has a second `@`; in a user name or a password it is written `%40`"));
    }
    let parameters = Parameters::of(query).map_err(|reason| {
        // What stands before a second `@` may be the rest of a password, and is not shown.
        let is_telling = rest.matches('@').count() <= 1;
        wrong(if is_telling { &reason } else { SHAPE })
    })?;
    let mut plain = format!("{credentials}{place}");
    if !parameters.others.is_empty() {
        plain = format!("{plain}?{}", parameters.others.join("&"));
    }
    let config: Config = plain.parse().map_err(|error| {
        // Of a URL the parser quotes names only; of anything else it may quote a password.
        let is_url = plain.starts_with("postgres://") || plain.starts_with("postgresql://");
        wrong(&if is_url { format!("{SHAPE}: {}", cause(&error)) } else { SHAPE.to_owned() })
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(wrong(
            "names no host; write `postgres://user@host/database`, or \
             `postgres://user@%2Fvar%2Frun%2Fpostgresql/database` where the server has a socket in that folder",
        ));
    }
    let Parameters { schema, timeout, listen, .. } = parameters;
    Ok(Url { config, schema, timeout, listen })
}

impl<'a> Parameters<'a> {
    fn of(query: &'a str) -> Result<Self, String> {
        let mut parameters = Self::default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let Some((name, value)) = parameter.split_once('=') else {
                return Err(format!("has a parameter `{parameter}` without a value"));
            };
            match name {
                "schema" => parameters.schema = Some(value),
                "timeout" => parameters.timeout = Some(seconds(value)?),
                "listen" => {
                    let listen = value.parse().map_err(|_| nonsense(parameter, ": it is `true` or `false`"));
                    parameters.listen = Some(listen?);
                }
                _ if is_understood(parameter) => parameters.others.push(parameter),
                "password" => return Err("has a `password` that makes no sense".to_owned()),
                _ if PARAMETERS.contains(&name) => return Err(nonsense(parameter, "")),
                _ => return Err(unknown(name)),
            }
        }
        Ok(parameters)
    }
}

fn seconds(value: &str) -> Result<Duration, String> {
    let seconds = value.parse().ok().filter(|seconds| *seconds > 0);
    let reason = || nonsense(&format!("timeout={value}"), ": it is a whole number of seconds, 1 or more");
    seconds.map(Duration::from_secs).ok_or_else(reason)
}

/// Whether the connector understands a parameter.
fn is_understood(parameter: &str) -> bool {
    format!("postgres://host?{parameter}").parse::<Config>().is_ok()
}

fn nonsense(parameter: &str, wanted: &str) -> String {
    format!("has `{parameter}`, which makes no sense{wanted}")
}

fn unknown(name: &str) -> String {
    let hint = match nearest(name, PARAMETERS.into_iter()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are `{}`", PARAMETERS.join("`, `")),
    };
    format!("has a parameter `{name}`, which does not exist; {hint}")
}

/// What the parser says, without its own introduction.
fn cause(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), full_text)
}

fn wrong(reason: &str) -> BackendError {
    refused(&format!("its URL {reason}"))
}

#[cfg(test)]
mod tests {
    use crate::backend::PostgresOptions;

    #[test]
    fn own_parameters_are_taken_out_of_the_url() {
        let url = "postgres://ann:secret@db:6543/shop?schema=jobs&connect_timeout=3&listen=false&timeout=7";
        let options = PostgresOptions::from_url(url).expect("the URL is fine");
        assert_eq!(options.schema, "jobs");
        assert_eq!(options.timeout.as_secs(), 7);
        assert!(!options.listen);
        assert_eq!(options.config.get_ports(), [6543]);
        assert_eq!(options.config.get_connect_timeout().map(std::time::Duration::as_secs), Some(3));
    }

    #[test]
    fn every_parameter_that_may_be_meant_exists() {
        for name in super::PARAMETERS {
            let mut values = ["1", "true", "disable", "postgres", "any", "127.0.0.1"].into_iter();
            assert!(
                values.any(|value| PostgresOptions::from_url(&format!(
                    "postgres://ann@db/shop?{name}={value}"
                ))
                .is_ok()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_password_may_have_whatever_the_connector_takes() {
        let options =
            PostgresOptions::from_url("postgres://ann:what?&=x@db/shop?timeout=7").expect("the URL is fine");
        assert_eq!(options.config.get_password(), Some(b"what?&=x".as_slice()));
        assert_eq!(options.timeout.as_secs(), 7);
    }

    #[test]
    fn nothing_shows_the_password() {
        let options = PostgresOptions::from_url("postgres://ann:secret@db/shop").expect("the URL is fine");
        assert!(!format!("{options:?}").contains("secret"));
        for url in [
            "postgres://ann:secret@db:port/shop",
            "postgres://ann:secret@db/?schema=Bad;",
            "postgres://ann:p@secret@db/shop",
            "postgres://ann:p@q/secret@db/shop",
            "postgres://ann:p@q?secret@db/shop",
            "postgres://ann:p@q?secret=1&timeout=secret@db/shop",
            "postgres://ann:secret",
            "postgres://db/shop?password=%FFsecret",
            "secret",
            "secret=secret",
            "host=db password='secret",
        ] {
            let error = PostgresOptions::from_url(url).expect_err(url);
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }

    #[test]
    fn mistakes_are_explained() {
        for (url, part) in [
            (
                "postgres://ann:a@b@db/shop",
                "has a second `@`; in a user name or a password it is written `%40`",
            ),
            ("postgres://ann@db/shop?schema", "a parameter `schema` without a value"),
            (
                "postgres://ann@db/shop?listen=no",
                "`listen=no`, which makes no sense: it is `true` or `false`",
            ),
            ("postgres://ann@db/shop?sslmode=maybe", "`sslmode=maybe`, which makes no sense"),
            (
                "postgres://ann@db/shop?pool_size=3",
                "`pool_size`, which does not exist; there are `schema`, `timeout`",
            ),
            ("postgres:shop", "is not `postgres://user:password@host"),
        ] {
            let error = PostgresOptions::from_url(url).expect_err(url).to_string();
            assert!(error.contains(part), "{url}: {error}");
        }
    }
}
