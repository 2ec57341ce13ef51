//! The stores against the least that each of them could do, written by hand and measured in the same run.
//!
//! `cargo bench -p tasktronaut-tests --bench stores [-- sqlite|postgres|redis] [chain|fan|layers|small|enqueue|idle] ..`
//!
//! What crosses between processes costs up to seven times as much when the kernel puts client and server on different
//! cores; a ratio is taken within one run, and a run is pinned or not as a whole: `taskset -c 0 cargo bench ..`.

mod floor;
mod hand_off;
mod ours;
#[path = "../../../tasktronaut/benches/engine/shapes.rs"]
mod shapes;

use std::time::Duration;

use floor::Floor;
use hand_off::Percentiles;
use shapes::Shape;
use tasktronaut::AnyBackend;
use tasktronaut_tests::server::{Postgres, Redis};

/// How often each workload and its floor run, in turns: a disk is faster in one minute than in another. The median
/// counts, also of the ratios.
const RUNS: usize = 5;

/// One workload, and what the floor does in its place.
#[derive(Clone, Copy)]
enum Workload {
    Chain(usize),
    Fan(usize),
    Layers(usize, usize),
    Small(usize),
}

const WORKLOADS: [Workload; 4] =
    [Workload::Chain(1000), Workload::Fan(10_000), Workload::Layers(10, 100), Workload::Small(1000)];

impl Workload {
    fn shape(self) -> Shape {
        match self {
            Self::Chain(jobs) => Shape::Chain(jobs),
            Self::Fan(jobs) => Shape::Fan(jobs),
            Self::Layers(layers, jobs) => Shape::Layers(layers, jobs),
            Self::Small(processes) => Shape::Small(processes),
        }
    }

    /// How many jobs the floor takes in one step.
    fn batch(self) -> usize {
        if matches!(self, Self::Chain(_)) { 1 } else { 100 }
    }
}

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        println!(
            "{:<9} {:<16} {:>6} {:>6} {:>10} {:>11} {:>7}",
            "store", "workload", "slots", "jobs", "ours /s", "floor /s", "ratio"
        );
        for store in ["sqlite", "postgres", "redis"] {
            if is_wanted(&wanted, &["sqlite", "postgres", "redis"], store) {
                measure(store, &wanted).await;
            }
        }
    });
}

/// Whether a name is asked for, or nothing of its kind is.
fn is_wanted(wanted: &[String], kind: &[&str], name: &str) -> bool {
    let asked = wanted.iter().filter(|word| kind.contains(&word.as_str()));
    let mut asked = asked.peekable();
    asked.peek().is_none() || asked.any(|word| word == name)
}

const KINDS: [&str; 7] = ["chain", "fan", "layers", "small", "enqueue", "idle", "backlog"];

async fn measure(store: &'static str, wanted: &[String]) {
    let Some(place) = Place::start(store) else {
        return println!("{store:<9} no server on this machine");
    };
    for workload in WORKLOADS {
        let shape = workload.shape();
        let name = shape.name().split(' ').next().unwrap_or_default();
        if !is_wanted(wanted, &KINDS, name) {
            continue;
        }
        for slots in [1, 2, 8] {
            let ours = async || ours::run(&place.backend().await, shape, slots).await;
            let floor = async || place.floor().await.run(shape.jobs(), workload.batch()).await;
            let measured = Measured::of(ours, floor).await;
            measured.print(&format!("{store:<9} {:<16} {slots:>6}", shape.name()), shape.jobs());
        }
    }
    if is_wanted(wanted, &KINDS, "enqueue") {
        let jobs = 10_000;
        let ours = async || ours::enqueue(&place.backend().await, jobs).await;
        let floor = async || place.floor().await.enqueue(jobs).await;
        let measured = Measured::of(ours, floor).await;
        measured.print(&format!("{store:<9} {:<16} {:>6}", "enqueue", ""), jobs);
    }
    if is_wanted(wanted, &KINDS, "idle") {
        let floor = place.hand_off().await;
        let ours = hand_off::ours(&place.backend().await).await;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{store:<9} {:<16} p50 {:.2} ms, p99 {:.2} ms; by hand p50 {:.2} ms, p99 {:.2} ms; ratio of p50 {:.2}",
            "idle hand-off",
            ms(ours.p50),
            ms(ours.p99),
            ms(floor.p50),
            ms(floor.p99),
            ms(ours.p50) / ms(floor.p50),
        );
    }
    if is_wanted(wanted, &KINDS, "backlog") {
        let behind = async |backlog| ours::run_behind(&place.backend().await, backlog).await;
        let measured = Measured::of(async || behind(99_000).await, async || behind(10).await).await;
        measured.print(&format!("{store:<9} {:<16} {:>6}", "behind 99,000", 1), 1000);
    }
}

/// Ours and the floor, run in turns.
struct Measured {
    ours: Vec<f64>,
    floor: Vec<f64>,
}

impl Measured {
    async fn of(ours: impl AsyncFn() -> Duration, floor: impl AsyncFn() -> Duration) -> Self {
        let mut measured = Self { ours: Vec::new(), floor: Vec::new() };
        for _ in 0..RUNS {
            measured.floor.push(floor().await.as_secs_f64());
            measured.ours.push(ours().await.as_secs_f64());
        }
        measured
    }

    fn print(self, what: &str, jobs: usize) {
        let jobs_each = f64::from(u32::try_from(jobs).unwrap_or(u32::MAX));
        let shares = self.floor.iter().zip(&self.ours).map(|(floor, ours)| floor / ours).collect();
        println!(
            "{what} {jobs:>6} {:>10.0} {:>11.0} {:>6.0}%",
            jobs_each / median(self.ours),
            jobs_each / median(self.floor),
            100.0 * median(shares)
        );
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// A private server or folder, with a fresh corner for each run.
enum Place {
    Sqlite(std::path::PathBuf),
    Postgres(Postgres),
    Redis(Redis),
}

impl Place {
    fn start(store: &str) -> Option<Self> {
        match store {
            "sqlite" => {
                // Not in memory: what is measured is the disk.
                let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
                    .join(format!("stores-{}", std::process::id()));
                std::fs::create_dir_all(&folder).ok()?;
                Some(Self::Sqlite(folder))
            }
            "postgres" => Postgres::start_with(&["fsync=on", "synchronous_commit=on"]).map(Self::Postgres),
            _ => Redis::start().map(Self::Redis),
        }
    }

    /// The URL of a corner that nobody has used.
    fn url(&self) -> String {
        let corner = format!("c{}", uuid::Uuid::new_v4().simple());
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.join(format!("{corner}.db")).display()),
            Self::Postgres(server) => {
                let url = server.url();
                let sign = if url.contains('?') { '&' } else { '?' };
                format!("{url}{sign}schema={corner}")
            }
            Self::Redis(server) => server.url(&corner),
        }
    }

    async fn backend(&self) -> AnyBackend {
        AnyBackend::open(&self.url()).await.expect("the store")
    }

    /// A hand-over that is written by hand.
    async fn hand_off(&self) -> Percentiles {
        match self {
            Self::Sqlite(folder) => hand_off::sqlite(&folder.join("by-hand.db")).await,
            Self::Postgres(server) => hand_off::postgres(&server.url()).await,
            Self::Redis(server) => hand_off::redis(&server.url("by-hand")).await,
        }
    }

    async fn floor(&self) -> Floor {
        match self {
            Self::Sqlite(folder) => {
                Floor::sqlite(&folder.join(format!("{}.db", uuid::Uuid::new_v4().simple())))
            }
            Self::Postgres(server) => Floor::postgres(&server.url()).await,
            Self::Redis(server) => Floor::redis(&server.url("floor")).await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Sqlite(folder) = self {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
