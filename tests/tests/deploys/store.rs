//! A store for each case: a file, a schema, a namespace.

use std::path::PathBuf;
use std::sync::LazyLock;

use tasktronaut::backend::WorkerId;
use tasktronaut_tests::server::{Postgres, Redis};

static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().expect("PostgreSQL is installed"));
static REDIS: LazyLock<Redis> = LazyLock::new(|| Redis::start().expect("Redis is installed"));

pub struct Store {
    pub url: String,
    folder: Option<PathBuf>,
}

pub fn sqlite(case: &str) -> Store {
    let folder = std::env::temp_dir().join(format!("tasktronaut-{}", WorkerId::random()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    Store { url: format!("sqlite:{}", folder.join(case).display()), folder: Some(folder) }
}

pub fn postgres(case: &str) -> Store {
    Store { url: format!("{}?schema={case}", POSTGRES.url()), folder: None }
}

pub fn redis(case: &str) -> Store {
    Store { url: REDIS.url(case), folder: None }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _gone = self.folder.as_ref().map(std::fs::remove_dir_all);
    }
}
