//! What the program `ledger` is: a client and a worker on one store, who say what was acknowledged, once it was.
//!
//! `ledger enqueue URL NAME PROCESSES WEIGHT` enqueues processes of so many bytes, and waits for their ends. What is
//! refused it enqueues again when there is a line on its input.
//! `ledger work URL` works until it is told to stop, or its input ends.
//! `ledger look URL` says of each process that is there whether it is whole, whether it has completed, and how many of its
//! jobs have succeeded.

use std::time::Duration;

use tasktronaut::backend::{ProcessFilter, ProcessState};
use tasktronaut::observer::{AttemptEnd, Observer};
use tasktronaut::prelude::*;
use tasktronaut::{BackendError, JobState};

use crate::program::end_with_the_input;

/// How many processes are enqueued at a time.
const BATCH: usize = 4;
/// How long a claim holds.
pub const LEASE: Duration = Duration::from_millis(600);
/// How many entries each process has.
const ENTRIES: u32 = 4;

/// Opens a book, writes its entries side by side, and closes it.
#[derive(Debug, Default)]
pub struct Ledger;

#[process(name = "tests::Ledger")]
impl Ledger {
    fn define_process(entries: Vec<u32>, weight: String) {
        process! { seq { open; par { each entry in entries { enter; } } close; } }
    }

    #[task]
    fn open(&self, weight: String) {
        let _ = weight.len();
    }

    #[task]
    async fn enter(&self, entry: u32) {
        let _ = entry;
        tokio::task::yield_now().await;
    }

    #[task]
    fn close(&self) {}
}

/// Runs the program.
pub async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["enqueue", url, name, processes, weight] => {
            let backend = AnyBackend::open(url).await?;
            let weight = "x".repeat(weight.parse()?);
            enqueue(&Client::new(&backend), name, processes.parse()?, &weight).await
        }
        ["work", url] => {
            end_with_the_input();
            let worker = Worker::new(AnyBackend::open(url).await?).registry(&registry()?);
            println!("works");
            worker.lease(LEASE).observer(Tell).run().await?;
            Ok(())
        }
        ["look", url] => look(&Client::new(&AnyBackend::open(url).await?)).await,
        _ => Err("a ledger is told to enqueue, to work or to look".into()),
    }
}

/// The definitions of a worker.
pub fn registry() -> Result<Registry, RegistryError> {
    Registry::new().with(Ledger)
}

async fn enqueue(
    client: &Client<AnyBackend>,
    name: &str,
    processes: usize,
    weight: &str,
) -> Result<(), BoxError> {
    let arguments = || LedgerArgs { entries: (0..ENTRIES).collect(), weight: weight.to_owned() };
    let all: Result<Vec<Process>, BuildError> = (0..processes)
        .map(|number| Ledger::process(arguments()).identifier(format!("{name}-{number}")).build())
        .collect();
    let mut lines = std::io::stdin().lines();
    for batch in all?.chunks(BATCH) {
        let mut left: Vec<Process> = batch.to_vec();
        while !left.is_empty() {
            let answers = client.enqueue_all(&left).await;
            let mut refused = Vec::new();
            for (process, answer) in left.into_iter().zip(answers) {
                match answer {
                    Ok(handle) => println!("enqueued {}", handle.identifier()),
                    Err(error) => {
                        println!("refused {} {error}", process.identifier());
                        refused.push(process);
                    }
                }
            }
            left = refused;
            if !left.is_empty() {
                lines.next().ok_or("nobody says that it may be tried again")??;
            }
        }
    }
    for number in 0..processes {
        let identifier = format!("{name}-{number}");
        client.handle(&identifier).wait().await?;
        println!("ended {identifier}");
    }
    Ok(())
}

async fn look(client: &Client<AnyBackend>) -> Result<(), BoxError> {
    let page = client.list(&ProcessFilter::new().limit(1_000)).await?;
    for process in page.processes {
        let status = client.handle(&process.identifier).status().await?;
        let is_whole = status.tasks().count() == ENTRIES as usize + 2;
        let has_completed = process.state == ProcessState::Completed;
        let succeeded = status.jobs.iter().filter(|job| job.state == JobState::Succeeded).count();
        println!("{} {is_whole} {has_completed} {succeeded}", process.identifier);
    }
    Ok(())
}

/// Says what was recorded, and what was not.
struct Tell;

impl Observer for Tell {
    fn finished(&self, end: &AttemptEnd<'_>) {
        if end.accepted() && end.error().is_none() {
            println!("recorded {} {}", end.attempt().identifier(), end.attempt().job());
        }
    }

    fn failed(&self, call: &'static str, error: &BackendError) {
        println!("failed {call} {error}");
    }
}
