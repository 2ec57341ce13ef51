//! Real workers are killed, stopped and cut off while they work, and a checker decides from their logs whether the
//! promises held: a short form, with fixed seeds, for each backend. The long form is in `tests/README.md`.
//!
//! Ignored where a server, Python or the checker is missing.

// The helpers of a test may panic as the test itself may.
#![allow(clippy::panic)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

/// One run at a time: they need the whole computer, or leases run out by themselves.
static TURN: Mutex<()> = Mutex::new(());

/// What the checker answers when the run proves nothing: too few of the faults have hit.
const VOID: i32 = 2;

/// Runs a fault and fails unless all promises held, and something was proved: where nothing was, the next seed runs.
fn run(backend: &str, fault: &str, processes: u32, faults: u32) {
    let _turn = TURN.lock();
    let proves = |seed| run_once(backend, fault, seed, processes, faults);
    assert!((7..10).any(proves), "{fault} on {backend}: no seed from 7 to 9 proves anything");
}

/// Whether the run proves anything; then all promises held.
fn run_once(backend: &str, fault: &str, seed: u32, processes: u32, faults: u32) -> bool {
    let history = folder(backend, fault);
    let mut chaos = Command::new(env!("CARGO_BIN_EXE_chaos"));
    chaos.args([
        "--backend",
        backend,
        "--fault",
        fault,
        "--seed",
        &seed.to_string(),
        "--lease",
        "1500",
        "--workers",
        "3",
    ]);
    chaos.args(["--processes", &processes.to_string(), "--faults", &faults.to_string()]);
    chaos.args(["--check", env!("HISTORY_CHECK")]).arg("--history").arg(&history);
    let output = chaos.output().unwrap_or_else(|error| panic!("chaos does not start: {error}"));
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(VOID) {
        return false;
    }
    assert!(output.status.success(), "{fault} on {backend}, see {}: {text}", history.display());
    let _ = std::fs::remove_dir_all(history);
    true
}

/// A folder for the log, empty.
fn folder(backend: &str, fault: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("chaos-{backend}-{fault}"));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// The tests of a backend.
macro_rules! chaos {
    ($($backend:ident unless $missing:ident;)*) => {$(
        mod $backend {
            #[test]
            #[cfg_attr(any(no_check, $missing), ignore = "the server, Python or the checker is missing")]
            fn workers_are_killed() {
                super::run(stringify!($backend), "kill", 60, 26);
            }

            #[test]
            #[cfg_attr(any(no_check, $missing), ignore = "the server, Python or the checker is missing")]
            fn the_store_is_killed() {
                super::run(stringify!($backend), "server", 50, 8);
            }

            #[test]
            #[cfg_attr(any(no_check, $missing), ignore = "the server, Python or the checker is missing")]
            fn the_last_siblings_end_at_the_same_moment() {
                super::run(stringify!($backend), "barrier", 60, 3);
            }

            #[test]
            #[cfg_attr(any(no_check, $missing), ignore = "the server, Python or the checker is missing")]
            fn a_cancellation_races_with_the_end() {
                super::run(stringify!($backend), "cancel-race", 60, 3);
            }
        }
    )*};
}

chaos! {
    redis unless no_redis;
    postgres unless no_postgres;
    sqlite unless no_check;
}
