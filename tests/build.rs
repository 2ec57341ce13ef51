//! What is not installed: tests that need it are ignored then, and shown as ignored.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PATH");
    println!("cargo:rerun-if-env-changed=TASKTRONAUT_HISTORY_CHECK");
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let has =
        |folders: &[PathBuf], program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    let mut kept = folders.clone();
    for place in ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt/postgresql"] {
        kept.push(Path::new(place).join("bin"));
        kept.extend(
            fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")),
        );
    }
    say("no_postgres", !has(&kept, "initdb"));
    say("no_redis", !has(&folders, "redis-server") && !has(&folders, "valkey-server"));
    // What records a power cut; in some containers it is there and may not trace.
    say("no_strace", !succeeds("strace", &["-f", "--seccomp-bpf", "-o", "/dev/null", "true"]));
    // A small disk of one's own.
    let mount = ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
    say("no_mount", !has(&folders, "nsenter") || !succeeds("unshare", &mount));
    kept.push("/usr/sbin".into());
    say("no_pgbouncer", !has(&kept, "pgbouncer"));
    println!("cargo:rerun-if-changed=.servers");
    say("no_redis_6", !Path::new(".servers/redis-6.2/redis-server").is_file());
    say("no_valkey", !Path::new(".servers/valkey-9/valkey-server").is_file());
    // The checker of fault tests, and what runs it.
    say("no_check", !has(&folders, "python3") || !checker().is_file());
    say("no_cases", !has_cases());
}

/// Whether there are the cases of the original. A file that is named, and is not there, is a mistake of whoever named it.
fn has_cases() -> bool {
    println!("cargo:rerun-if-env-changed=TASKTRONAUT_CONFORMANCE");
    let cases = "../../shared/conformance/cases.json";
    println!("cargo:rerun-if-changed={cases}");
    env::var_os("TASKTRONAUT_CONFORMANCE").is_some() || Path::new(cases).is_file()
}

/// Whether a program is there, and does what it is told.
fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Where the checker is that decides from the log of a run whether the promises held.
fn checker() -> PathBuf {
    let folder = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let given = env::var_os("TASKTRONAUT_HISTORY_CHECK").map(PathBuf::from);
    let checker = given.unwrap_or_else(|| folder.join("../../shared/history/check.py"));
    println!("cargo:rerun-if-changed={}", checker.display());
    println!("cargo:rustc-env=HISTORY_CHECK={}", checker.display());
    checker
}

fn say(name: &str, holds: bool) {
    println!("cargo:rustc-check-cfg=cfg({name})");
    if holds {
        println!("cargo:rustc-cfg={name}");
    }
}
