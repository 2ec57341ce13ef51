//! The workers and clients of a run, each of them an OS process, and who ends or replaces them.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::arguments::{Arguments, Fault};
use crate::crash::{CLIENT_POINTS, WORKER_POINTS};
use crate::dice::Dice;

/// How many clients there are.
const CLIENTS: u64 = 2;
/// How often the crew is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How long the whole run may take after the last fault.
const PATIENCE: Duration = Duration::from_mins(5);

/// One worker or client.
pub struct Member {
    pub name: String,
    /// Since when it has been at work undisturbed.
    pub since: Instant,
    child: Child,
    /// The point at which it ends itself.
    point: Option<&'static str>,
}

pub struct Crew {
    arguments: Arguments,
    dice: Dice,
    generation: u64,
    pub workers: Vec<Member>,
    clients: Vec<Option<Member>>,
    ended: Arc<Mutex<HashSet<String>>>,
    /// How often each point was where somebody ended.
    pub fired: HashMap<&'static str, u64>,
    /// Whether those who are started now end themselves.
    pub armed: bool,
    /// How far clients may go, in percent.
    allowed: u64,
}

impl Crew {
    pub fn start(arguments: &Arguments) -> Self {
        let mut crew = Self {
            arguments: arguments.clone(),
            dice: Dice::new(arguments.seed),
            generation: 0,
            workers: Vec::new(),
            clients: Vec::new(),
            ended: Arc::default(),
            fired: HashMap::new(),
            armed: arguments.fault == Fault::CrashPoints,
            allowed: 0,
        };
        for slot in 0..arguments.workers {
            let worker = crew.worker(slot);
            crew.workers.push(worker);
        }
        for slot in 0..CLIENTS {
            let client = crew.client(slot);
            crew.clients.push(Some(client));
        }
        crew
    }

    /// The part of all processes that have ended, in percent.
    pub fn progress(&self) -> u64 {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).len();
        u64::try_from(ended).unwrap_or(0) * 100 / self.arguments.processes.max(1)
    }

    /// How often everybody is to end at each point.
    pub fn wanted_of_each(&self) -> u64 {
        let points = u64::try_from(WORKER_POINTS.len() + CLIENT_POINTS.len()).unwrap_or(1);
        self.arguments.faults.div_ceil(points)
    }

    /// Lets the clients go so far.
    pub fn allow(&mut self, percent: u64) {
        self.allowed = percent;
        for client in self.clients.iter_mut().flatten() {
            tell(&mut client.child, percent);
        }
    }

    /// Waits, and replaces whoever has ended meanwhile.
    pub async fn tend(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            self.replace();
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }

    fn replace(&mut self) {
        for slot in 0..self.workers.len() {
            if let Some(status) = self.workers[slot].child.try_wait().expect("a child can be looked at") {
                let member = &self.workers[slot];
                assert!(status.code().is_none_or(|code| code == 0), "{} has failed: {status}", member.name);
                self.note(slot, false);
                self.workers[slot] = self.worker(u64::try_from(slot).unwrap_or(0));
            }
        }
        for slot in 0..self.clients.len() {
            let Some(client) = &mut self.clients[slot] else { continue };
            match client.child.try_wait().expect("a child can be looked at") {
                None => {}
                Some(status) if status.success() => self.clients[slot] = None,
                Some(status) => {
                    assert!(status.code().is_none(), "{} has failed: {status}", client.name);
                    self.note(slot, true);
                    self.clients[slot] = Some(self.client(u64::try_from(slot).unwrap_or(0)));
                }
            }
        }
    }

    fn note(&mut self, slot: usize, is_client: bool) {
        let member = if is_client { self.clients[slot].as_ref() } else { self.workers.get(slot) };
        if let Some(point) = member.and_then(|member| member.point) {
            *self.fired.entry(point).or_default() += 1;
        }
    }

    /// Kills a worker; another takes its place.
    pub fn kill(&mut self, slot: usize) {
        self.signal(slot, Signal::KILL);
        let _ = self.workers[slot].child.wait();
        self.workers[slot] = self.worker(u64::try_from(slot).unwrap_or(0));
    }

    /// Kills everybody at once, and starts them again.
    pub fn kill_all(&mut self) {
        for slot in 0..self.workers.len() {
            self.signal(slot, Signal::KILL);
        }
        for client in self.clients.iter_mut().flatten() {
            let _ = client.child.kill();
        }
        for worker in &mut self.workers {
            let _ = worker.child.wait();
        }
        self.replace();
    }

    pub fn signal(&self, slot: usize, signal: Signal) {
        send(&self.workers[slot].child, signal);
    }

    /// Everybody was disturbed.
    pub fn unsettle(&mut self) {
        for worker in &mut self.workers {
            worker.since = Instant::now();
        }
    }

    /// Names of all clients that are at work.
    pub fn clients(&self) -> Vec<String> {
        self.clients.iter().flatten().map(|client| client.name.clone()).collect()
    }

    /// Which workers would still end themselves.
    pub fn armed_workers(&self) -> Vec<usize> {
        (0..self.workers.len()).filter(|slot| self.workers[*slot].point.is_some()).collect()
    }

    pub async fn until_clients_are_done(&mut self) {
        let begun = Instant::now();
        while self.clients.iter().any(Option::is_some) {
            if begun.elapsed() > PATIENCE {
                eprintln!("the processes do not end: {} % have", self.progress());
                return;
            }
            self.tend(LOOK).await;
        }
    }

    /// Gives everybody something to do, without faults.
    pub async fn calm(&mut self, round: u64) {
        const PROCESSES: u64 = 2;
        let name = self.name('e', round);
        let mut command = self.command("client", &name, None);
        let first = self.arguments.processes + round * PROCESSES;
        command.args(["--fault", Fault::Calm.name(), "--first", &first.to_string()]);
        command.args(["--processes", &PROCESSES.to_string()]).stdout(Stdio::null());
        let mut client = spawn(command, name, None);
        tell(&mut client.child, 100);
        self.clients.push(Some(client));
        self.until_clients_are_done().await;
        self.clients.pop();
    }

    /// Lets the workers end in good order.
    pub async fn stop_workers(&mut self) {
        for worker in &mut self.workers {
            drop(worker.child.stdin.take());
        }
        let begun = Instant::now();
        for worker in &mut self.workers {
            while worker.child.try_wait().expect("a child can be looked at").is_none() {
                assert!(begun.elapsed() < PATIENCE, "{} does not stop", worker.name);
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    fn worker(&mut self, slot: u64) -> Member {
        let point = self.armed.then(|| self.next_point(WORKER_POINTS)).flatten();
        let name = self.name('w', slot);
        let times = match point {
            Some("recovered") => 1,
            Some("revising" | "revised") => self.dice.within(1..3),
            _ => self.dice.within(3..25),
        };
        let command = self.command("worker", &name, point.map(|point| (point, times)));
        spawn(command, name, point)
    }

    fn client(&mut self, slot: u64) -> Member {
        let point = self.armed.then(|| self.next_point(CLIENT_POINTS)).flatten();
        let name = self.name('c', slot);
        let times = if point == Some("cancelled") { 1 } else { self.dice.within(2..12) };
        let mut command = self.command("client", &name, point.map(|point| (point, times)));
        command.arg("--share").arg(format!("{slot}/{CLIENTS}")).stdout(Stdio::piped());
        let mut member = spawn(command, name, point);
        tell(&mut member.child, self.allowed);
        let output = member.child.stdout.take().expect("a client has an output");
        let ended = Arc::clone(&self.ended);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                ended.lock().unwrap_or_else(PoisonError::into_inner).insert(line);
            }
        });
        member
    }

    /// The point that has been passed least, of those where nobody is to end at present.
    fn next_point(&mut self, all: &[&'static str]) -> Option<&'static str> {
        let members = self.workers.iter().chain(self.clients.iter().flatten());
        let open: HashSet<&str> = members.filter_map(|member| member.point).collect();
        let mut free: Vec<_> = all.iter().filter(|point| !open.contains(*point)).copied().collect();
        let first = usize::try_from(self.dice.within(0..64)).unwrap_or(0) % free.len().max(1);
        free.rotate_left(first);
        let fired = |point: &&'static str| self.fired.get(*point).copied().unwrap_or(0);
        free.into_iter().min_by_key(fired).filter(|point| fired(point) < self.wanted_of_each())
    }

    fn name(&mut self, kind: char, slot: u64) -> String {
        self.generation += 1;
        format!("{kind}{slot}-{}", self.generation)
    }

    fn command(&self, role: &str, name: &str, crash: Option<(&str, u64)>) -> Command {
        let given = &self.arguments;
        let program = std::env::current_exe().expect("this program is there");
        let log = File::create(given.history.join(format!("{name}.log"))).expect("a log can be made");
        let mut command = Command::new(program);
        command.args([role, "--name", name, "--backend", &given.backend, "--fault", given.fault.name()]);
        command.arg("--history").arg(&given.history).arg("--seed").arg(given.seed.to_string());
        command.arg("--processes").arg(given.processes.to_string());
        command.arg("--lease").arg(given.lease_ms().to_string());
        if let Some((point, times)) = crash {
            command.args(["--crash", point, &times.to_string()]);
        }
        command.stdin(Stdio::piped()).stderr(log);
        command
    }
}

fn spawn(mut command: Command, name: String, point: Option<&'static str>) -> Member {
    let child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    Member { name, since: Instant::now(), child, point }
}

impl Drop for Crew {
    fn drop(&mut self) {
        for member in self.workers.iter_mut().chain(self.clients.iter_mut().flatten()) {
            let _ = member.child.kill();
            let _ = member.child.wait();
        }
    }
}

/// Tells a client how far it may go.
fn tell(client: &mut Child, percent: u64) {
    if let Some(input) = &mut client.stdin {
        // One that has ended needs not know.
        let _ = writeln!(input, "{percent}");
    }
}

fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // One that has ended needs no signal.
    let _ = pid.map(|pid| kill_process(pid, signal));
}
