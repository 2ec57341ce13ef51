//! The least that a job costs in each store, written by hand: no plan, no fence, no lease, no rule.

use std::path::Path;
use std::time::{Duration, Instant};

/// A store without anything around it.
pub enum Floor {
    Sqlite(Box<rusqlite::Connection>),
    Postgres(tokio_postgres::Client, String),
    Redis(redis::aio::MultiplexedConnection),
}

impl Floor {
    pub fn sqlite(file: &Path) -> Self {
        let connection = rusqlite::Connection::open(file).expect("a database");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE job (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, payload BLOB);
                 CREATE INDEX ready ON job (id) WHERE state = 0;",
            )
            .expect("a table");
        Self::Sqlite(Box::new(connection))
    }

    pub async fn postgres(url: &str) -> Self {
        let (client, connection) =
            tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("PostgreSQL");
        tokio::spawn(connection);
        let table = format!("floor_{}", uuid::Uuid::new_v4().simple());
        client
            .batch_execute(&format!(
                "CREATE TABLE {table} (id int PRIMARY KEY, state int NOT NULL, payload bytea)
                 WITH (fillfactor = 70);
                 CREATE INDEX ON {table} (id) WHERE state = 0"
            ))
            .await
            .expect("a table");
        Self::Postgres(client, table)
    }

    pub async fn redis(url: &str) -> Self {
        let url = url.split('?').next().unwrap_or(url);
        let client = redis::Client::open(url).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis");
        redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.expect("an empty server");
        Self::Redis(connection)
    }

    /// So many rows, in one step.
    pub async fn enqueue(&mut self, jobs: usize) -> Duration {
        let payload = [b'x'; 60];
        let begun = Instant::now();
        match self {
            Self::Sqlite(connection) => {
                let transaction = connection.transaction().expect("a transaction");
                let mut insert =
                    transaction.prepare("INSERT INTO job VALUES (?, 0, ?)").expect("a statement");
                for id in 0..jobs {
                    insert
                        .execute(rusqlite::params![i64::try_from(id).expect("few jobs"), payload])
                        .expect("a row");
                }
                drop(insert);
                transaction.commit().expect("a commit");
            }
            Self::Postgres(client, table) => {
                let ids: Vec<i32> = (0..i32::try_from(jobs).expect("few jobs")).collect();
                let insert = format!("INSERT INTO {table} SELECT id, 0, $2 FROM unnest($1::int[]) AS id");
                client.execute(&insert, &[&ids, &payload.as_slice()]).await.expect("rows");
            }
            Self::Redis(connection) => {
                let ids: Vec<usize> = (0..jobs).collect();
                for ids in ids.chunks(1000) {
                    let mut pipe = redis::pipe();
                    for id in ids {
                        pipe.hset(format!("job:{id}"), "payload", payload.as_slice()).ignore();
                        pipe.rpush("ready", *id).ignore();
                    }
                    pipe.query_async::<()>(connection).await.expect("rows");
                }
            }
        }
        begun.elapsed()
    }

    /// Does so many jobs, so many in one step: each is finished, and the next one claimed.
    pub async fn run(mut self, jobs: usize, batch: usize) -> Duration {
        self.enqueue(jobs + batch).await;
        match self {
            Self::Sqlite(connection) => run_sqlite(&connection, jobs, batch),
            Self::Postgres(client, table) => run_postgres(&client, &table, jobs, batch).await,
            Self::Redis(connection) => run_redis(connection, jobs, batch).await,
        }
    }
}

fn run_sqlite(connection: &rusqlite::Connection, jobs: usize, batch: usize) -> Duration {
    let mut finish = connection.prepare("UPDATE job SET state = 2 WHERE id = ?").expect("a statement");
    let mut claim = connection
        .prepare(&format!(
            "UPDATE job SET state = 1 WHERE id IN (SELECT id FROM job WHERE state = 0 ORDER BY id LIMIT {batch})
             RETURNING id, payload"
        ))
        .expect("a statement");
    let number = |id: usize| i64::try_from(id).expect("few jobs");
    let begun = Instant::now();
    for first in (0..jobs).step_by(batch) {
        connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
        for id in first..first + batch {
            finish.execute([number(id)]).expect("a row");
        }
        let claimed = claim.query_map([], |row| row.get::<_, Vec<u8>>(1)).expect("rows");
        claimed.for_each(|payload| drop(payload.expect("a row")));
        connection.execute_batch("COMMIT").expect("a commit");
    }
    begun.elapsed()
}

async fn run_postgres(client: &tokio_postgres::Client, table: &str, jobs: usize, batch: usize) -> Duration {
    let step = client
        .prepare(&format!(
            "WITH done AS (UPDATE {table} SET state = 2 WHERE id = ANY($1)),
                  next AS (SELECT id FROM {table} WHERE state = 0 ORDER BY id LIMIT {batch} FOR UPDATE SKIP LOCKED)
             UPDATE {table} AS job SET state = 1 FROM next WHERE job.id = next.id RETURNING job.id, job.payload"
        ))
        .await
        .expect("a statement");
    let number = |id: usize| i32::try_from(id).expect("few jobs");
    let begun = Instant::now();
    for first in (0..jobs).step_by(batch) {
        let done: Vec<i32> = (first..first + batch).map(number).collect();
        client.query(&step, &[&done]).await.expect("a step");
    }
    begun.elapsed()
}

/// Finishes one job, and takes the next.
const STEP: &str = "redis.call('HSET', 'job:' .. ARGV[1], 'state', '2')
local next = redis.call('LPOP', 'ready')
if not next then return false end
redis.call('HSET', 'job:' .. next, 'state', '1')
return redis.call('HGET', 'job:' .. next, 'payload')";

async fn run_redis(mut connection: redis::aio::MultiplexedConnection, jobs: usize, batch: usize) -> Duration {
    let load: String =
        redis::cmd("SCRIPT").arg("LOAD").arg(STEP).query_async(&mut connection).await.expect("a script");
    let begun = Instant::now();
    for first in (0..jobs).step_by(batch) {
        let mut pipe = redis::pipe();
        for id in first..first + batch {
            pipe.cmd("EVALSHA").arg(&load).arg(0).arg(id).ignore();
        }
        pipe.query_async::<()>(&mut connection).await.expect("a step");
    }
    begun.elapsed()
}
