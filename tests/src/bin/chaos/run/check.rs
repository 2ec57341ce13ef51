//! Has the checker say whether the promises held.

use std::process::{Command, ExitCode};

use crate::arguments::{Arguments, Fault};
use crate::work::{BACKOFF, BACKOFF_CAP};

/// How late a job may be claimed on a busy machine, in milliseconds.
const LATE: u64 = 8000;
/// How long a process stands still on Redis when who revised it has died, and that a few times over.
const LOCKS: u64 = 20_000;

pub fn run(arguments: &Arguments) -> ExitCode {
    let mut check = Command::new("python3");
    check.arg(&arguments.check).arg(&arguments.history);
    let late = if arguments.backend.starts_with("redis") { LATE + LOCKS } else { LATE };
    check.args(["--lease-ms", &arguments.lease_ms().to_string(), "--late-ms", &late.to_string()]);
    check.args(["--backoff-base-ms", &BACKOFF.as_millis().to_string()]);
    check.args(["--backoff-cap-ms", &BACKOFF_CAP.as_millis().to_string()]);
    // Where there are no faults, nothing can be expected of them.
    if arguments.fault != Fault::None {
        check.arg("--expect-faults");
    }
    check.args(["--min-fired", &(arguments.faults / 28).max(1).to_string()]);
    let output = check.output().expect("python3 runs the checker");
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    let _ = std::fs::write(arguments.history.join("check.txt"), text.as_bytes());
    let code = output.status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(2))
}
