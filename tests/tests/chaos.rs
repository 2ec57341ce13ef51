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

/// Runs a fault and fails unless all promises held, and something was proved.
fn run(backend: &str, fault: &str, processes: u32, faults: u32) {
    let _turn = TURN.lock();
    let history = folder(backend, fault);
    let mut chaos = Command::new(env!("CARGO_BIN_EXE_chaos"));
    chaos.args(["--backend", backend, "--fault", fault, "--seed", "7", "--lease", "1500", "--workers", "3"]);
    chaos.args(["--processes", &processes.to_string(), "--faults", &faults.to_string()]);
    chaos.args(["--check", env!("HISTORY_CHECK")]).arg("--history").arg(&history);
    let output = chaos.output().unwrap_or_else(|error| panic!("chaos does not start: {error}"));
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{fault} on {backend}, see {}: {text}", history.display());
    let _ = std::fs::remove_dir_all(history);
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
