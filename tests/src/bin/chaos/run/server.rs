//! The store of a run: one that is there, or a private one.

use std::path::PathBuf;

use tasktronaut_tests::server::{Postgres, Redis};

pub enum Server {
    /// It is there already, and stays.
    Given(String),
    Redis(Redis),
    Postgres(Postgres),
}

impl Server {
    /// Starts a private server where a kind is named.
    pub fn start(backend: &str) -> Self {
        match backend {
            "redis" => Self::Redis(Redis::start_durable().expect("Redis is installed")),
            "postgres" => Self::Postgres(Postgres::start().expect("PostgreSQL is installed")),
            url => Self::Given(url.to_owned()),
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Given(url) => url.clone(),
            Self::Redis(redis) => redis.url("chaos"),
            Self::Postgres(postgres) => postgres.url(),
        }
    }

    /// The socket of a private server.
    pub fn socket(&self) -> Option<PathBuf> {
        let url = self.url();
        match self {
            Self::Given(_) => None,
            Self::Redis(_) => url.strip_prefix("redis+unix://")?.split('?').next().map(PathBuf::from),
            Self::Postgres(_) => {
                let folder = url.split('@').nth(1)?.split(':').next()?.replace("%2F", "/");
                Some(PathBuf::from(folder).join(".s.PGSQL.5432"))
            }
        }
    }

    /// The URL of the same server at another socket.
    pub fn url_at(&self, socket: &std::path::Path) -> String {
        match self {
            Self::Postgres(_) => {
                let folder = socket.parent().unwrap_or(socket).display().to_string().replace('/', "%2F");
                format!("postgres://postgres@{folder}:5432/postgres")
            }
            _ => format!("redis+unix://{}?namespace=chaos", socket.display()),
        }
    }

    /// Kills it, where it is private; whether it was.
    pub fn kill(&mut self) -> bool {
        match self {
            Self::Given(_) => return false,
            Self::Redis(redis) => redis.kill(),
            Self::Postgres(postgres) => postgres.kill(),
        }
        true
    }

    pub fn restart(&mut self) {
        match self {
            Self::Given(_) => {}
            Self::Redis(redis) => redis.restart(),
            Self::Postgres(postgres) => postgres.restart(),
        }
    }
}
