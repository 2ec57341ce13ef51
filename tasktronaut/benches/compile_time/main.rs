//! How long `cargo check` takes for 200 tasks with 3 arguments each: with `#[process]`, and the same program written
//! by hand against the runtime.
//!
//! `cargo bench -p tasktronaut --bench compile_time`
//!
//! Both programs are generated into a temporary folder and checked in turn, several times; what is compared is the
//! processor time of the compiler for that one crate, as the operating system counts it.

mod programs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TASKS: usize = 200;
const ROUNDS: usize = 5;

fn main() {
    let folder = std::env::temp_dir().join(format!("tasktronaut-compile-time-{}", std::process::id()));
    let programs = [
        ("with the macros", Program::new(&folder, "macros", &programs::with_macros(TASKS))),
        ("by hand", Program::new(&folder, "by-hand", &programs::by_hand(TASKS))),
    ];
    for (_, program) in &programs {
        // The crates it depends on are compiled once, outside of the measurement.
        program.check();
    }
    let mut seconds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((_, program), seconds) in programs.iter().zip(&mut seconds) {
            program.touch();
            let before = children_seconds();
            program.check();
            seconds.push(children_seconds() - before);
        }
    }
    for ((name, _), seconds) in programs.iter().zip(&mut seconds) {
        seconds.sort_by(f64::total_cmp);
        let (least, most) = (seconds[0], seconds[ROUNDS - 1]);
        println!("{name:<16} median {:.2} s of CPU ({least:.2} to {most:.2})", seconds[ROUNDS / 2]);
    }
    println!("ratio {:.2}", seconds[0][ROUNDS / 2] / seconds[1][ROUNDS / 2]);
    fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

/// A generated crate.
struct Program {
    source: PathBuf,
    manifest: PathBuf,
    target: PathBuf,
}

impl Program {
    fn new(folder: &Path, name: &str, text: &str) -> Self {
        let root = folder.join(name);
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR"));
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             [dependencies]\ntasktronaut = {{ path = \"{}\" }}\n[workspace]\n",
            runtime.display()
        );
        fs::create_dir_all(root.join("src")).expect("a temporary folder");
        fs::write(root.join("Cargo.toml"), manifest).expect("a manifest");
        // The same versions as in this workspace.
        fs::copy(runtime.join("../Cargo.lock"), root.join("Cargo.lock")).expect("a lock file");
        let source = root.join("src/lib.rs");
        fs::write(&source, text).expect("a source file");
        Self { source, manifest: root.join("Cargo.toml"), target: folder.join("target") }
    }

    /// Makes cargo check the crate again.
    fn touch(&self) {
        let text = fs::read_to_string(&self.source).expect("the source file");
        fs::write(&self.source, text + "\n").expect("the source file");
    }

    fn check(&self) {
        let status = Command::new(env!("CARGO"))
            .args(["check", "--quiet", "--offline", "--manifest-path"])
            .arg(&self.manifest)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .stdin(Stdio::null())
            .status()
            .expect("cargo runs");
        assert!(status.success(), "{} does not compile", self.source.display());
    }
}

/// The processor time of all programs that were started and have ended, in seconds.
fn children_seconds() -> f64 {
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux counts processor time in /proc");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let field = |number: usize| -> f64 {
        after_name.split_whitespace().nth(number).and_then(|text| text.parse().ok()).unwrap_or(0.0)
    };
    (field(13) + field(14)) / TICKS
}
