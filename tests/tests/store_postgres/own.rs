//! What only this store has: its schema, rows that somebody spoils, and a server that goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tasktronaut::BoxError;
use tasktronaut::backend::store::{
    Change, Changes, End, Fence, How, ListFilter, Meeting, NewProcess, Phase, Recorded, Release, Reviser,
    Store, Stored, Then, Wake,
};
use tasktronaut::backend::{BackendError, WorkerId};
use tasktronaut::backend::{PostgresOptions, PostgresStore};
use tasktronaut_tests::server::Postgres;
use tokio_postgres::{Client, NoTls};

use super::{SERVER, open};

pub(super) const ROUTE: u64 = 5;
pub(super) const LONG: Duration = Duration::from_hours(1);

/// A schema that nobody else uses.
pub(super) fn place() -> String {
    format!("own_{}", WorkerId::random())
}

pub(super) async fn client(server: &Postgres) -> Result<Client, BoxError> {
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn release(node: u32) -> Release {
    Release { node, route: ROUTE, concludes: false }
}

/// A process whose first job lets nodes go side by side, which meet in node 1,000.
pub(super) fn fan(identifier: &str, width: u32) -> NewProcess {
    let then = Then { releases: vec![release(1_000)], meetings: vec![] };
    NewProcess {
        identifier: identifier.to_owned(),
        definition: "own::Fan".to_owned(),
        plan: vec![1, 2, 3],
        priority: 0,
        first: release(0),
        start_after: Duration::ZERO,
        deadline: None,
        meetings: vec![Meeting { node: 1_000, waits_for: width, then }],
    }
}

pub(super) fn success(fence: Fence, then: Then) -> End {
    End { fence, how: How::Succeeded, error: None, then, last: false }
}

/// What follows a node of a fan.
fn end_of(fence: Fence, width: u32) -> End {
    match fence.node {
        0 => success(fence, Then { releases: (1..=width).map(release).collect(), meetings: vec![] }),
        1_000 => End { last: true, ..success(fence, Then::default()) },
        _ => success(fence, Then { releases: vec![], meetings: vec![1_000] }),
    }
}

pub(super) async fn joined(store: &PostgresStore) -> Result<WorkerId, BackendError> {
    let worker = WorkerId::random();
    store.join(worker, vec![ROUTE], LONG).await?;
    Ok(worker)
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn several_programs_may_create_the_schema_at_once() -> Result<(), BoxError> {
    let place = place();
    let opening: Vec<_> = (0..8).map(|_| tokio::spawn(open(place.clone()))).collect();
    for opened in opening {
        opened.await??;
    }
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn a_schema_that_is_newer_is_refused() -> Result<(), BoxError> {
    let place = place();
    open(place.clone()).await?;
    client(&SERVER).await?.batch_execute(&format!("UPDATE {place}.version SET number = 99")).await?;
    let error = open(place).await.err().ok_or("it was opened")?;
    assert!(matches!(error, BackendError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("99"), "{error}");
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn a_role_with_the_rights_of_the_documentation_can_work() -> Result<(), BoxError> {
    let place = place();
    open(place.clone()).await?;
    let role = format!("role_{place}");
    let grants = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {place} TO {role}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {place} TO {role}; \
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA {place} TO {role}; \
         GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {place} TO {role};"
    );
    client(&SERVER).await?.batch_execute(&grants).await?;
    let url = SERVER.url().replace("postgres@", &format!("{role}@"));
    let store = PostgresStore::open(&format!("{url}?schema={place}")).await?;
    store.enqueue(vec![fan("album", 2)].into()).await?;
    let worker = joined(&store).await?;
    let claims = store.exchange(worker, vec![], 1).await?.claims;
    let ends = claims.iter().map(|claim| end_of(claim.fence, 2)).collect();
    assert_eq!(store.exchange(worker, ends, 9).await?.claims.len(), 2);
    store.beat(worker, true, 3).await?;
    store.give_back(worker, None).await?;
    assert!(store.delete(1, false).await?);
    Ok(())
}

/// A crash shows all of a process or nothing: all its rows are of one transaction.
#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r1_a_process_is_added_in_one_transaction() -> Result<(), BoxError> {
    let place = place();
    let store = open(place.clone()).await?;
    store.enqueue(vec![fan("album", 2), fan("other", 3)].into()).await?;
    let tables = ["process", "job", "meeting"];
    let rows =
        tables.map(|table| format!("SELECT xmin::text AS writer FROM {place}.{table}")).join(" UNION ALL ");
    let sql = format!("SELECT count(*), count(DISTINCT writer) FROM ({rows}) r");
    let counts = client(&SERVER).await?.query_one(&sql, &[]).await?;
    assert_eq!((counts.try_get::<_, i64>(0)?, counts.try_get::<_, i64>(1)?), (6, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r5_concurrent_programs_lose_no_join_and_do_not_deadlock() -> Result<(), BoxError> {
    const FANS: usize = 40;
    const WIDTH: u32 = 25;
    let place = place();
    let store = open(place.clone()).await?;
    store.enqueue((0..FANS).map(|number| fan(&format!("fan-{number}"), WIDTH)).collect()).await?;
    let ended = Arc::new(AtomicUsize::new(0));
    let claimed = Arc::new(AtomicUsize::new(0));
    let mut programs = Vec::new();
    for number in 0..6 {
        let (store, ended, claimed) = (open(place.clone()).await?, ended.clone(), claimed.clone());
        programs.push(tokio::spawn(async move {
            let worker = joined(&store).await?;
            let mut ends: Vec<End> = Vec::new();
            while ended.load(Ordering::SeqCst) < FANS {
                // The order of the call is nobody's business.
                let by = number.min(ends.len());
                ends.rotate_left(by);
                let exchange = store.exchange(worker, std::mem::take(&mut ends), 7).await?;
                assert!(exchange.recorded.iter().all(|recorded| *recorded == Recorded::Done));
                ended.fetch_add(exchange.ended.len(), Ordering::SeqCst);
                claimed.fetch_add(exchange.claims.len(), Ordering::SeqCst);
                ends.extend(exchange.claims.iter().map(|claim| end_of(claim.fence, WIDTH)));
                // Others look into the same processes and beat in between.
                if let Some(end) = ends.first() {
                    store.revise(end.fence.key, Reviser::new(|_| Ok((Changes::default(), ())))).await?;
                }
                store.beat(worker, true, 3).await?;
            }
            Ok::<_, BackendError>(())
        }));
    }
    for program in programs {
        program.await??;
    }
    assert_eq!(claimed.load(Ordering::SeqCst), FANS * (WIDTH as usize + 2), "each job was claimed once");
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn rows_that_make_no_sense_do_not_harm_their_neighbours() -> Result<(), BoxError> {
    let place = place();
    let store = open(place.clone()).await?;
    let names = ["good", "attempt", "phase", "state"];
    store.enqueue(names.iter().map(|name| fan(name, 2)).collect()).await?;
    let spoil = format!(
        "UPDATE {place}.job SET attempt = -1 WHERE process = 2; \
         UPDATE {place}.process SET phase = 77 WHERE key = 3; \
         UPDATE {place}.job SET state = 55 WHERE process = 4;"
    );
    client(&SERVER).await?.batch_execute(&spoil).await?;
    let corrupt = |error: Option<BackendError>| matches!(error, Some(BackendError::Corrupt { .. }));
    assert!(corrupt(store.jobs(2).await.err()));
    assert!(corrupt(store.find("phase").await.err()));
    assert!(corrupt(store.jobs(4).await.err()));
    for key in 2..=4 {
        assert!(corrupt(store.revise(key, Reviser::new(|_| Ok((Changes::default(), ())))).await.err()));
    }
    let listed = store.list(&ListFilter { limit: 10, ..ListFilter::default() }).await?;
    assert_eq!(listed.iter().map(|row| row.key).collect::<Vec<_>>(), [1, 2, 4]);
    let worker = joined(&store).await?;
    let exchange = store.exchange(worker, vec![], 10).await?;
    assert_eq!(exchange.claims.iter().map(|claim| claim.fence.key).collect::<Vec<_>>(), [1, 3]);
    let ends = exchange.claims.iter().map(|claim| end_of(claim.fence, 2)).collect();
    let exchange = store.exchange(worker, ends, 10).await?;
    assert_eq!(exchange.recorded, [Recorded::Done, Recorded::Revise]);
    assert_eq!(exchange.claims.len(), 2);
    Ok(())
}

#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn nothing_shows_the_password() -> Result<(), BoxError> {
    let options = PostgresOptions::from_url("postgres://ann:s3cret@127.0.0.1:1/shop?schema=own")?;
    let error = PostgresStore::open_with(options.clone(), NoTls).await.err().ok_or("there is a server")?;
    for text in [format!("{options:?}"), format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn a_server_that_was_killed_is_found_again() -> Result<(), BoxError> {
    let server = Postgres::start_with(&[]).ok_or("PostgreSQL is not installed")?;
    let store = PostgresStore::open(&server.url()).await?;
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    store.subscribe(Arc::new(move |wake| _ = told.send(wake))).await?;
    store.enqueue(vec![fan("before", 2)].into()).await?;
    let worker = joined(&store).await?;
    let fence = store.exchange(worker, vec![], 1).await?.claims[0].fence;
    server.kill();
    let error = store.exchange(worker, vec![end_of(fence, 2)], 1).await.err();
    assert!(matches!(error, Some(BackendError::Store { .. })), "{error:?}");
    server.restart();
    // Each attempt fails or succeeds as a whole, and may be repeated.
    let exchange = loop {
        if let Ok(exchange) = store.exchange(worker, vec![end_of(fence, 2)], 5).await {
            break exchange;
        }
    };
    assert_eq!(exchange.recorded, [Recorded::Done], "what was acknowledged is still there");
    assert_eq!(exchange.claims.len(), 2);
    // Who listens has missed something, and is told so.
    let wake = tokio::time::timeout(Duration::from_secs(30), hears.recv()).await?;
    assert_eq!(wake, Some(Wake::Anything));
    Ok(())
}

/// A newer program may change what this one has prepared: that is noticed, and another session begins anew.
#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn what_was_prepared_and_has_changed_is_prepared_again() -> Result<(), BoxError> {
    let place = place();
    let store = open(place.clone()).await?;
    let worker = joined(&store).await?;
    let newer = client(&SERVER).await?;
    store.beat(worker, true, 3).await?;
    let before = sessions_of(&newer, &place, "beat").await?;
    assert_eq!(before.len(), 1, "signs of life have one connection");
    store.beat(worker, true, 3).await?;
    assert_eq!(sessions_of(&newer, &place, "beat").await?, before, "the session is kept");
    let beat =
        format!("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE oid::regproc::text = '{place}.beat'");
    let text: String = newer.query_one(&beat, &[]).await?.try_get(0)?;
    let newer_text = text.replace("OUT paused text[]", "OUT paused text[], OUT more integer");
    assert_ne!(text, newer_text);
    newer.batch_execute(&format!("BEGIN; DROP FUNCTION {place}.beat; {newer_text}; COMMIT")).await?;
    store.beat(worker, true, 3).await?;
    let after = sessions_of(&newer, &place, "beat").await?;
    assert!(after.iter().any(|session| !before.contains(session)), "it was not prepared: {after:?}");
    Ok(())
}

/// The sessions whose last statement called this function.
async fn sessions_of(client: &Client, place: &str, function: &str) -> Result<Vec<i32>, BoxError> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND strpos(query, $1) > 0";
    let rows = client.query(sql, &[&format!("{place}.{function}(")]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

#[tokio::test]
async fn who_asks_for_encryption_in_vain_is_told_what_to_do() {
    let error =
        PostgresStore::open("postgres://ann:secret@localhost/shop?sslmode=require").await.unwrap_err();
    assert!(matches!(error, BackendError::Refused { .. }), "{error:?}");
    let error = error.to_string();
    assert!(error.contains("not built in") && error.contains("tokio-postgres-rustls"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[tokio::test]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn a_configuration_and_a_connector_that_are_there_are_as_good_as_a_url() -> Result<(), BoxError> {
    let place = place();
    let options = PostgresOptions::new(SERVER.url().parse()?).schema(&place)?;
    let store = PostgresStore::open_with(options, NoTls).await?;
    store.enqueue(vec![fan("album", 2)].into()).await?;
    assert!(open(place).await?.find("album").await?.is_some());
    Ok(())
}

/// Whoever claims waits for nobody who is at it just now, and takes what comes next.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn r3_a_claim_passes_over_what_somebody_else_holds() -> Result<(), BoxError> {
    let place = place();
    let store = open(place.clone()).await?;
    store.enqueue(vec![fan("first", 2)].into()).await?;
    store.enqueue(vec![fan("second", 2)].into()).await?;
    let worker = joined(&store).await?;
    let mut other = client(&SERVER).await?;
    let transaction = other.transaction().await?;
    let first = format!("SELECT process FROM {place}.job ORDER BY process LIMIT 1 FOR UPDATE");
    let held: i64 = transaction.query_one(&first, &[]).await?.try_get(0)?;
    let claims =
        tokio::time::timeout(Duration::from_secs(20), store.exchange(worker, vec![], 1)).await??.claims;
    assert!(claims.len() == 1 && claims[0].fence.key != held.unsigned_abs(), "{claims:?}");
    transaction.rollback().await?;
    assert_eq!(store.exchange(worker, vec![], 1).await?.claims.len(), 1);
    Ok(())
}

/// Where the server is set to write later what it has said, a crash takes that away; but not what this store records.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn what_is_acknowledged_is_written_whatever_the_default_is() -> Result<(), BoxError> {
    let server = Postgres::start_with(&["synchronous_commit=off", "wal_writer_delay=10s"]);
    let server = server.ok_or("PostgreSQL is not installed")?;
    let crash = || {
        server.kill();
        server.restart();
    };
    let store = PostgresStore::open(&server.url()).await?;
    let Stored::Created(key) = store.enqueue(vec![fan("album", 2)].into()).await?[0] else {
        return Err("it is known already".into());
    };
    crash();
    let store = PostgresStore::open(&server.url()).await?;
    assert_eq!(store.jobs(key).await?.len(), 1, "it was enqueued");
    let worker = joined(&store).await?;
    let fence = store.exchange(worker, vec![], 1).await?.claims[0].fence;
    assert_eq!(store.exchange(worker, vec![end_of(fence, 2)], 0).await?.recorded, [Recorded::Done]);
    crash();
    let store = PostgresStore::open(&server.url()).await?;
    assert_eq!(store.jobs(key).await?.len(), 3, "the end was recorded");
    let stop = Change { phase: Phase::Stopping, outcome: Some(3), memo: vec![], deadline: None };
    let stop = Reviser::new(move |_| Ok((Changes { process: Some(stop), ..Changes::default() }, ())));
    store.revise(key, stop).await?;
    crash();
    let store = PostgresStore::open(&server.url()).await?;
    assert_eq!(store.find("album").await?.map(|row| row.phase), Some(Phase::Stopping), "it was cancelled");
    Ok(())
}
