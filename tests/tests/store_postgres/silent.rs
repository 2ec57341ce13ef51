//! A server that takes connections and does not answer: whatever is asked of it comes to its end in time, and says why.

use std::net::TcpListener;
use std::time::Duration;

use tasktronaut::backend::store::{Changes, Reviser, Store};
use tasktronaut::backend::{AnyBackend, BackendError, PostgresBackend, PostgresStore, WorkerId};
use tasktronaut::observer::Observer;
use tasktronaut::prelude::*;
use tasktronaut_tests::server::Postgres;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::time::timeout;

use super::own::{LONG, ROUTE, fan, joined};

/// How long may last what is given a second.
const PATIENCE: Duration = Duration::from_secs(20);

fn is_late<T>(answer: Result<T, BackendError>) -> Result<(), BoxError> {
    let error = answer.err().ok_or("the server has answered")?;
    assert!(matches!(error, BackendError::Store { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("took longer than `timeout` (1s)"), "{text}");
    assert!(text.contains("`PostgresOptions::timeout`"), "it does not say what to do: {text}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_opened_for_ever() -> Result<(), BoxError> {
    // The system takes connections; nobody accepts them.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let place = listener.local_addr()?;
    for more in ["", "&connect_timeout=3", "&listen=false"] {
        let url = format!("postgres://ann:s3cret@{place}/shop?timeout=1{more}");
        let opened = timeout(PATIENCE, AnyBackend::open(&url)).await?;
        let text = opened.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert!(text.contains(&place.to_string()), "it does not say where: {text}");
        is_late(opened)?;
    }
    Ok(())
}

/// Whoever asks first finds connections that were made before; everybody later has to make one.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn no_operation_takes_for_ever() -> Result<(), BoxError> {
    let server = Postgres::start().ok_or("PostgreSQL is not installed")?;
    let store = PostgresStore::open(&format!("{}?timeout=1", server.url())).await?;
    store.enqueue(vec![fan("before", 2)].into()).await?;
    let worker = joined(&store).await?;
    server.freeze();
    let all = async {
        for round in 0..3 {
            let name = format!("album-{round}");
            let (added, found, revised, exchanged, beat, entered) = tokio::join!(
                store.enqueue(vec![fan(&name, 2)].into()),
                store.find("before"),
                store.revise(1, Reviser::new(|_| Ok((Changes::default(), ())))),
                store.exchange(worker, vec![], 1),
                store.beat(worker, true, 3),
                store.join(WorkerId::random(), vec![ROUTE], LONG),
            );
            is_late(added)?;
            is_late(found)?;
            is_late(revised)?;
            is_late(exchanged)?;
            is_late(beat)?;
            is_late(entered)?;
        }
        Ok::<_, BoxError>(())
    };
    timeout(PATIENCE, Box::pin(all)).await??;
    server.thaw();
    let found = async {
        while store.find("before").await.is_err() {}
        store.enqueue(vec![fan("after", 2)].into()).await
    };
    assert_eq!(timeout(PATIENCE, found).await??.len(), 1);
    Ok(())
}

#[derive(Default)]
struct Relay;

#[process]
impl Relay {
    fn define_process() {
        process! { seq { run; run; } }
    }

    #[task]
    fn run(&self) {}
}

struct Failures(UnboundedSender<&'static str>);

impl Observer for Failures {
    fn failed(&self, call: &'static str, error: &BackendError) {
        if matches!(error, BackendError::Store { .. }) {
            let _heard = self.0.send(call);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(no_postgres, ignore = "PostgreSQL is not installed")]
async fn a_worker_goes_on_when_the_server_does() -> Result<(), BoxError> {
    let server = Postgres::start().ok_or("PostgreSQL is not installed")?;
    let backend = PostgresBackend::open(&format!("{}?timeout=1", server.url())).await?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let worker = Worker::new(backend.clone()).observer(Failures(tell)).start()?;
    Relay::process().build()?.enqueue(&backend).await?.wait().await?;
    server.freeze();
    let failures = async {
        let mut exchanges = 0;
        while exchanges < 3 {
            exchanges += usize::from(told.recv().await.ok_or("the worker is gone")? == "exchange");
        }
        Ok::<_, BoxError>(())
    };
    timeout(PATIENCE, failures).await??;
    server.thaw();
    let process = Relay::process().build()?;
    let done = async {
        let handle = loop {
            // What was not acknowledged may be there all the same (`R2`).
            if let Ok(handle) = process.enqueue(&backend).await {
                break handle;
            }
        };
        handle.wait().await
    };
    timeout(PATIENCE, done).await??;
    worker.shutdown().await;
    Ok(())
}
