//! The store of a run: one that is there, or a private one.

use std::path::PathBuf;

use tasktronaut_tests::server::{Postgres, Redis};

pub enum Server {
    /// It is there already, and stays.
    Given(String),
    Redis(Redis),
    Postgres(Postgres),
    /// A file of its own, which goes with it.
    Sqlite(PathBuf),
}

impl Server {
    /// Starts a private server where a kind is named.
    pub fn start(backend: &str) -> Self {
        match backend {
            "redis" => Self::Redis(Redis::start_durable().expect("Redis is installed")),
            "postgres" => Self::Postgres(Postgres::start().expect("PostgreSQL is installed")),
            "sqlite" => {
                let folder = std::env::temp_dir().join(format!("tt-chaos-{}", std::process::id()));
                std::fs::create_dir_all(&folder).expect("a folder can be made");
                Self::Sqlite(folder)
            }
            url => Self::Given(url.to_owned()),
        }
    }

    pub fn url(&self) -> String {
        match self {
            Self::Given(url) => url.clone(),
            Self::Redis(redis) => redis.url("chaos"),
            Self::Postgres(postgres) => postgres.url(),
            Self::Sqlite(folder) => format!("sqlite:{}", folder.join("chaos.db").display()),
        }
    }

    /// The socket of a private server.
    pub fn socket(&self) -> Option<PathBuf> {
        let url = self.url();
        match self {
            Self::Given(_) | Self::Sqlite(_) => None,
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
            Self::Given(_) | Self::Sqlite(_) => return false,
            Self::Redis(redis) => redis.kill(),
            Self::Postgres(postgres) => postgres.kill(),
        }
        true
    }

    pub fn restart(&mut self) {
        match self {
            Self::Given(_) | Self::Sqlite(_) => {}
            Self::Redis(redis) => redis.restart(),
            Self::Postgres(postgres) => postgres.restart(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Self::Sqlite(folder) = self {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
