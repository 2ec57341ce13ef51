//! An emulated power cut: what was acknowledged is in the SQLite file afterwards, and all processes complete.
//!
//! Real clients and workers run under `strace`, which writes down everything that they write, sync and say, in one order.
//! From that record the files are made again as a disk may have them after a cut at any instant: what was synced is
//! there; of what was not, any sector may be missing. Nothing need be mounted for it, one record serves for many cuts,
//! and a disk that keeps the worst selection is met more often than with a copy of a real one.
//!
//! Ignored where `strace` is not installed, or not allowed to trace.
#![cfg(target_os = "linux")]
// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

#[path = "power_cut/after.rs"]
mod after;
#[path = "power_cut/disk.rs"]
mod disk;
#[path = "power_cut/record.rs"]
mod record;

use disk::{Dice, Disk};
use record::{Event, Recording};

/// How many cuts there are, one of them in each part of the record.
const CUTS: usize = 40;
/// How many there are where syncs do not count.
const UNSYNCED_CUTS: usize = 12;
/// After so many cuts workers go on with what is left.
const GO_ON: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(no_strace, ignore = "strace is not installed")]
async fn what_was_acknowledged_survives_a_power_cut() {
    let recording = Recording::make();
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("SEED={seed}");

    // The record is complete: with everything kept it makes the files that are there.
    let mut disk = Disk::default();
    recording.events.iter().for_each(|event| disk.see(event, |_| true));
    for (name, content) in disk.everything() {
        let there = std::fs::read(recording.folder.join(&name)).unwrap_or_default();
        assert!(
            there == content || !recording.is_certain,
            "the record of {name} has {} bytes, not {}",
            content.len(),
            there.len()
        );
    }
    let is_begun =
        |event: &&Event| matches!(event, Event::Written { name, at: 0, .. } if name == "ledger.db-wal");
    let begun = recording.events.iter().filter(is_begun).count();
    assert!(begun > 1, "the log is written back to the database, and begun anew");
    let said = recording.said().count();
    assert!(said > 400, "{said} acknowledgements");

    let lost = cut(&recording, seed, CUTS, |_| true).await;
    assert_eq!(lost, Vec::<String>::new(), "SEED={seed}");
    // The test has teeth: were the log not synced, then something that was acknowledged would be missing.
    let lost = cut(&recording, seed, UNSYNCED_CUTS, |name| !name.ends_with("-wal")).await;
    assert!(
        lost.len() > UNSYNCED_CUTS / 3,
        "without syncs {} of {UNSYNCED_CUTS} cuts lost something",
        lost.len()
    );
}

/// Cuts the power again and again, each time at another instant; says what was lost. Syncs count of those files that are
/// `synced`.
async fn cut(recording: &Recording, seed: u64, cuts: usize, synced: impl Fn(&str) -> bool) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let part = recording.events.len() / cuts;
    let mut disk = Disk::default();
    let mut done = 0;
    let mut lost = Vec::new();
    for number in 0..cuts {
        let instant = number * part + dice.below(part);
        recording.events[done..instant].iter().for_each(|event| disk.see(event, &synced));
        done = instant;
        let said = recording.said_before(instant);
        let after = after::Power::is_back(&recording.folder, disk.cut(&mut dice));
        let mut found = after.keeps(&said).await;
        if found.is_ok() && number % GO_ON == 0 {
            found = after.goes_on().await;
        }
        lost.extend(found.err().map(|lost| format!("cut {number}, at {instant}: {lost}")));
    }
    lost
}
