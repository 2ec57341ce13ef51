//! Who does the faults: spread over the first part of the run, so that it ends in peace.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::crew::Crew;
use super::proxy::{Proxy, Trouble};
use super::server::Server;
use crate::arguments::{Arguments, Fault};
use crate::crash::{CLIENT_POINTS, WORKER_POINTS};
use crate::dice::Dice;
use crate::history;

/// The faults begin and end at these parts of the run, in percent.
const FIRST: u64 = 3;
const LAST: u64 = 65;
/// Clients may be ahead by so much, so that there is always something to hit.
const AHEAD: u64 = 20;
/// Between two faults there is at least this time, and at most that.
const SHORTEST: Duration = Duration::from_millis(120);
const LONGEST: Duration = Duration::from_millis(1500);
/// By then somebody who was started has work.
const SETTLED: Duration = Duration::from_millis(400);

/// What is done to the run.
struct Nemesis<'a> {
    crew: &'a mut Crew,
    server: &'a mut Server,
    proxy: Option<&'a Proxy>,
    dice: Dice,
    lease: Duration,
}

pub async fn run(arguments: &Arguments, crew: &mut Crew, server: &mut Server, proxy: Option<&Proxy>) {
    let dice = Dice::of(arguments.seed, u64::MAX);
    let mut nemesis = Nemesis { crew, server, proxy, dice, lease: arguments.lease };
    match arguments.fault {
        Fault::None => {}
        Fault::CrashPoints => nemesis.crash_points().await,
        fault => {
            for number in 0..arguments.faults {
                let part = FIRST + (LAST - FIRST) * number / arguments.faults.max(1);
                nemesis.until(part).await;
                // Only where the worker lives on does a pause prove anything: the last faults are pauses.
                match fault {
                    Fault::Mix if number * 5 >= arguments.faults * 4 => nemesis.stop((16, 22)).await,
                    fault => nemesis.strike(fault).await,
                }
            }
        }
    }
    nemesis.crew.allow(100);
}

impl Nemesis<'_> {
    /// Waits until so much has ended; not for ever, for a fault may hold everything up.
    async fn until(&mut self, part: u64) {
        let begun = Instant::now();
        self.crew.allow(part + AHEAD);
        self.crew.tend(SHORTEST).await;
        while self.crew.progress() < part && begun.elapsed() < LONGEST {
            self.crew.tend(Duration::from_millis(10)).await;
        }
    }

    async fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => self.kill().await,
            Fault::Stop => {
                let long = self.dice.percent(60);
                self.stop(if long { (16, 22) } else { (1, 6) }).await;
            }
            Fault::RecoveryRace => self.stop((9, 14)).await,
            Fault::Server => self.server().await,
            Fault::Network => self.network().await,
            Fault::Mix => match self.dice.within(0..12) {
                0..7 => self.kill().await,
                7 => self.stop((16, 22)).await,
                8 => self.stop((1, 6)).await,
                9 => self.terminate(),
                10 => self.server().await,
                _ if self.proxy.is_some() => self.network().await,
                _ => self.kill().await,
            },
            _ => self.stop((0, 2)).await,
        }
    }

    fn slot(&mut self) -> usize {
        let workers = u64::try_from(self.crew.workers.len()).unwrap_or(1);
        usize::try_from(self.dice.within(0..workers)).unwrap_or(0)
    }

    /// A worker that has been at work for a while, so that it has something to lose.
    async fn busy_slot(&mut self) -> usize {
        let begun = Instant::now();
        loop {
            let slot = self.slot();
            if self.crew.workers[slot].since.elapsed() >= SETTLED || begun.elapsed() > LONGEST {
                return slot;
            }
            self.crew.tend(Duration::from_millis(20)).await;
        }
    }

    fn tell(kind: &str, target: &str) {
        history::write("nemesis", json!({ "kind": kind, "target": target }));
    }

    async fn kill(&mut self) {
        let slot = self.busy_slot().await;
        Self::tell("kill", &self.crew.workers[slot].name);
        self.crew.kill(slot);
    }

    fn terminate(&mut self) {
        let slot = self.slot();
        Self::tell("term", &self.crew.workers[slot].name);
        self.crew.signal(slot, Signal::TERM);
    }

    /// Stops a worker for so many tenths of a lease.
    async fn stop(&mut self, (least, most): (u64, u64)) {
        let slot = self.slot();
        let name = self.crew.workers[slot].name.clone();
        let tenth = u64::try_from(self.lease.as_micros() / 10).unwrap_or(0);
        let time = Duration::from_micros(self.dice.within(tenth * least..tenth * most) + 1_000);
        Self::tell("pause", &name);
        self.crew.signal(slot, Signal::STOP);
        self.crew.tend(time).await;
        Self::tell("resume", &name);
        self.crew.signal(slot, Signal::CONT);
        self.crew.workers[slot].since = Instant::now();
    }

    /// Kills the server and starts it again; where there is none, everybody is killed at once.
    async fn server(&mut self) {
        if self.server.socket().is_none() {
            // Those who have just been started shall have something to lose.
            self.crew.tend(SETTLED).await;
            let workers: Vec<String> = self.crew.workers.iter().map(|worker| worker.name.clone()).collect();
            for name in &workers {
                Self::tell("kill", name);
            }
            // They hold no leases, and are not to be counted as if they should.
            for name in &self.crew.clients() {
                Self::tell("client", name);
            }
            self.crew.kill_all();
            return;
        }
        Self::tell("server", "server");
        self.server.kill();
        let down = self.dice.within(10..u64::try_from(self.lease.as_millis()).unwrap_or(1000) * 2);
        self.crew.tend(Duration::from_millis(down)).await;
        self.server.restart();
        Self::tell("heal", "server");
        self.crew.unsettle();
    }

    async fn network(&mut self) {
        let Some(proxy) = self.proxy else { return };
        let trouble = match self.dice.within(0..4) {
            0 => Trouble::Delay,
            1 => Trouble::HalfClose,
            _ => Trouble::Cut,
        };
        Self::tell(trouble.name(), "network");
        proxy.make(trouble, self.dice.next());
        let time = self.dice.within(20..600);
        self.crew.tend(Duration::from_millis(time)).await;
        proxy.heal();
        Self::tell("heal", "network");
        self.crew.unsettle();
    }

    /// Lets workers and clients end themselves, until that has happened so many times.
    async fn crash_points(&mut self) {
        let each = self.crew.wanted_of_each();
        let all = [WORKER_POINTS, CLIENT_POINTS].concat();
        let most = each * u64::try_from(all.len()).unwrap_or(1);
        loop {
            self.crew.tend(Duration::from_millis(20)).await;
            let fired = |point: &&str| self.crew.fired.get(*point).copied().unwrap_or(0).min(each);
            let fired: u64 = all.iter().map(fired).sum();
            if fired == most || self.crew.progress() >= LAST {
                break;
            }
            self.crew.allow((AHEAD + LAST * fired / most).max(self.crew.progress() + AHEAD / 2));
        }
        self.crew.armed = false;
        for slot in self.crew.armed_workers() {
            Self::tell("kill", &self.crew.workers[slot].name);
            self.crew.kill(slot);
        }
    }
}
