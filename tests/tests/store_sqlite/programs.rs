//! Many programs on one file, and programs that are killed.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tasktronaut::JobState;
use tasktronaut::backend::sqlite::SqliteStore;
use tasktronaut::backend::store::{ListFilter, Phase, Recorded, Store};
use tasktronaut_tests::fan;

use crate::folder::{Folder, add, worker};

fn program(folder: &Folder, mode: &str, rest: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sqlite_program"))
        .arg(mode)
        .arg(folder.database())
        .arg(rest)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok)
}

/// The database is sound, by SQLite's own judgement.
fn is_sound(folder: &Folder) {
    let verdict: String = folder.raw().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

async fn all_have_ended(folder: &Folder, processes: usize) {
    let all = folder.store().list(&ListFilter { limit: 1_000, ..ListFilter::default() }).await.unwrap();
    assert_eq!(all.len(), processes);
    assert!(all.iter().all(|process| (process.phase, process.outcome) == (Phase::Ended, Some(1))));
}

#[tokio::test]
async fn programs_that_share_lose_no_join_and_claim_no_job_twice() {
    const PROCESSES: usize = 30;
    let folder = Folder::new();
    let store = folder.store();
    for number in 0..PROCESSES {
        add(&store, &number.to_string()).await;
    }
    let mut children: Vec<Child> =
        (0..3).map(|_| program(&folder, "share", &PROCESSES.to_string())).collect();
    let mut claimed: Vec<String> = children.iter_mut().flat_map(lines).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(claimed.len(), PROCESSES * (fan::WIDTH as usize + 2));
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), PROCESSES * (fan::WIDTH as usize + 2));
    all_have_ended(&folder, PROCESSES).await;
    is_sound(&folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_of_one_program_share_as_well() {
    const PROCESSES: usize = 10;
    let folder = Folder::new();
    let stores = [folder.store(), folder.store()];
    for number in 0..PROCESSES {
        add(&stores[0], &number.to_string()).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for store in &stores {
        for _ in 0..2 {
            let store = store.clone();
            tasks.spawn(async move {
                let (worker, mut mine, mut ends, mut idle) =
                    (worker(&store).await, Vec::new(), Vec::new(), 0);
                while idle < 200 {
                    let exchange = store.exchange(worker, std::mem::take(&mut ends), 3).await.unwrap();
                    assert!(exchange.recorded.iter().all(|recorded| *recorded == Recorded::Done));
                    idle = if exchange.claims.is_empty() { idle + 1 } else { 0 };
                    for claim in exchange.claims {
                        mine.push((claim.fence.key, claim.fence.node));
                        ends.push(fan::success(claim.fence));
                    }
                }
                mine
            });
        }
    }
    let claimed: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(claimed.len(), PROCESSES * (fan::WIDTH as usize + 2));
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), claimed.len());
    all_have_ended(&folder, PROCESSES).await;
}

/// What a program said of its chain is in the database, and so is nothing that it cannot have done.
async fn has_kept(store: &SqliteStore, name: &str, said: &[String]) {
    // The last line may have been cut.
    let Some(("begun", acknowledged)) = said.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
        return;
    };
    let process = store.find(name).await.unwrap().unwrap();
    let jobs = store.jobs(process.key).await.unwrap();
    let whole = acknowledged.len().saturating_sub(1);
    for node in acknowledged[..whole].iter().map(|line| line.parse::<usize>().unwrap()) {
        assert_eq!(jobs[node].state, JobState::Succeeded, "{name}: {node}");
    }
    // One step after the other, and nothing in between is missing.
    let succeeded = jobs.iter().filter(|job| job.state == JobState::Succeeded).count();
    assert_eq!(jobs.len(), succeeded + 1, "{name}");
    assert!((0..).zip(&jobs).all(|(node, job)| job.fence.node == node));
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_can_write_no_more_has_kept_what_was_acknowledged() {
    let folder = Folder::new();
    drop(folder.store());
    // The log is not larger than 200 or 400 KiB, as on a disk that is full then.
    let script = "trap '' XFSZ; ulimit -f $3; exec \"$0\" chain \"$1\" \"$2\"";
    for (name, blocks) in [("first", "400"), ("second", "800")] {
        let mut child = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_sqlite_program")])
            .arg(folder.database())
            .args([name, blocks])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said: Vec<String> = lines(&mut child).collect();
        let end = child.wait_with_output().unwrap();
        assert!(!end.status.success() && end.status.code().is_some(), "it says what is wrong: {end:?}");
        assert!(String::from_utf8_lossy(&end.stderr).contains("Store"), "{end:?}");
        assert!(said.len() > 3, "{said:?}");
        has_kept(&folder.store(), name, &said).await;
    }
    is_sound(&folder);
}

#[tokio::test]
async fn killed_programs_have_kept_what_was_acknowledged() {
    let folder = Folder::new();
    let mut expected = Vec::new();
    for round in 0..12 {
        let names: Vec<String> = (0..2).map(|number| format!("{round}-{number}")).collect();
        let mut children: Vec<Child> = names.iter().map(|name| program(&folder, "chain", name)).collect();
        // Killed after so many lines of the first one, in the middle of whatever they are doing.
        let mut readers: Vec<_> = children.iter_mut().map(lines).collect();
        let mut first: Vec<String> = readers[0].by_ref().take(3 + round * 7).collect();
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        first.extend(readers[0].by_ref());
        let second: Vec<String> = readers[1].by_ref().collect();
        expected.push((names[0].clone(), first));
        expected.push((names[1].clone(), second));
    }
    is_sound(&folder);
    let store = folder.store();
    for (name, lines) in expected {
        has_kept(&store, &name, &lines).await;
    }
    // Whoever comes next goes on.
    let worker = worker(&store).await;
    add(&store, "next").await;
    let exchange = store.exchange(worker, vec![], 1).await.unwrap();
    assert_eq!(exchange.claims.len(), 1);
    assert!(store.beat(worker, true, 3).await.unwrap().held.len() == 1);
}
