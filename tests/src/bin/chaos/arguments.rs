//! What the program is told.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

pub const HELP: &str = "\
chaos --backend URL|sqlite|postgres|redis --fault NAME --history DIR [options]

  --backend    a URL of a store that is there, or a kind: then a private server or file is used
  --fault      none | kill | crash-points | stop | server | network | same-identifier | barrier | cancel-race
               | recovery-race | mix
  --history    the folder for the log; it is made, and must be empty
  --seed N     decides everything that is random (1)
  --processes N, --faults N, --workers N     (200, 20, 3)
  --lease MS   the length of a lease (1000)
  --check PATH the checker; else TASKTRONAUT_HISTORY_CHECK, else ../shared/history/check.py

The exit code is that of the checker: 0 all promises held, 1 one was broken, 2 nothing was proved.";

/// What is done to the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    Kill,
    CrashPoints,
    Stop,
    Server,
    Network,
    SameIdentifier,
    Barrier,
    CancelRace,
    RecoveryRace,
    Mix,
    /// No fault, and work for everybody: how every run ends.
    Calm,
}

impl Fault {
    const ALL: [(&'static str, Self); 12] = [
        ("none", Self::None),
        ("kill", Self::Kill),
        ("crash-points", Self::CrashPoints),
        ("stop", Self::Stop),
        ("server", Self::Server),
        ("network", Self::Network),
        ("same-identifier", Self::SameIdentifier),
        ("barrier", Self::Barrier),
        ("cancel-race", Self::CancelRace),
        ("recovery-race", Self::RecoveryRace),
        ("mix", Self::Mix),
        ("calm", Self::Calm),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, fault)| *fault == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, fault)| *fault).ok_or_else(|| format!("there is no fault `{text}`"))
    }
}

/// Which of the three this OS process is. Workers and clients are started by the run itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Run,
    Worker,
    Client,
}

/// What the program is told.
#[derive(Debug, Clone)]
pub struct Arguments {
    pub role: Role,
    pub backend: String,
    pub fault: Fault,
    pub history: PathBuf,
    pub seed: u64,
    pub processes: u64,
    /// The number of the first process.
    pub first: u64,
    pub faults: u64,
    pub workers: u64,
    pub lease: Duration,
    pub check: PathBuf,
    /// The name of a worker or client in the log.
    pub name: String,
    /// Which of the clients it is, and how many there are.
    pub share: (u64, u64),
    /// The point at which it ends itself, and which time it passes there.
    pub crash: Option<(String, u32)>,
}

impl Arguments {
    pub fn of_program() -> Result<Self, String> {
        let mut words = std::env::args().skip(1);
        let mut role = Role::Run;
        let mut arguments = Self {
            role,
            backend: String::new(),
            fault: Fault::None,
            history: PathBuf::new(),
            seed: 1,
            processes: 200,
            first: 0,
            faults: 20,
            workers: 3,
            lease: Duration::from_secs(1),
            check: check_by_default(),
            name: String::new(),
            share: (0, 1),
            crash: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` lacks its value"));
            match word.as_str() {
                "worker" => role = Role::Worker,
                "client" => role = Role::Client,
                "--backend" => arguments.backend = value()?,
                "--fault" => arguments.fault = value()?.parse()?,
                "--history" => arguments.history = value()?.into(),
                "--seed" => arguments.seed = number(&value()?)?,
                "--processes" => arguments.processes = number(&value()?)?,
                "--first" => arguments.first = number(&value()?)?,
                "--faults" => arguments.faults = number(&value()?)?,
                "--workers" => arguments.workers = number(&value()?)?,
                "--lease" => arguments.lease = Duration::from_millis(number(&value()?)?),
                "--check" => arguments.check = value()?.into(),
                "--name" => arguments.name = value()?,
                "--share" => arguments.share = pair(&value()?)?,
                "--crash" => {
                    let (point, times) = (value()?, value()?);
                    arguments.crash = Some((point, number(&times)?));
                }
                _ => return Err(format!("`{word}` is not understood")),
            }
        }
        arguments.role = role;
        if arguments.backend.is_empty() || arguments.history.as_os_str().is_empty() {
            return Err("`--backend` and `--history` are needed".to_owned());
        }
        let is_used = |folder: &Path| folder.read_dir().is_ok_and(|mut files| files.next().is_some());
        if role == Role::Run && is_used(&arguments.history) {
            let folder = arguments.history.display();
            return Err(format!(
                "`{folder}` holds something; `--history` takes an empty folder, or a new one"
            ));
        }
        Ok(arguments)
    }

    pub fn lease_ms(&self) -> u64 {
        u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX)
    }
}

fn check_by_default() -> PathBuf {
    std::env::var_os("TASKTRONAUT_HISTORY_CHECK")
        .map_or_else(|| "../shared/history/check.py".into(), Into::into)
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

fn pair(text: &str) -> Result<(u64, u64), String> {
    let (one, all) = text.split_once('/').ok_or("a share is `which/all`")?;
    Ok((number(one)?, number(all)?))
}
