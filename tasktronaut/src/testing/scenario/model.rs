//! Random sequences of operations on a backend and on the in-process one, which is the model: after each of them both
//! must show the same.
//!
//! No worker runs here; the test itself claims jobs and says how they end, so that everything happens in one order. A
//! seed that fails is run alone with `SEED=n`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use smallvec::smallvec;

use super::random::Dice;
use crate::backend::{
    Backend, BackendError, Bell, CancelAnswer, Claim, Claimed, ClaimedProcess, EnqueueError, Finished,
    JobEnd, LocalBackend, Membership, WorkerId,
};
use crate::definition::registry::Registry;
use crate::plan::rules::{JobFailure, Verdict};
use crate::plan::{JobState, NodeKind, Plan};
use crate::testing::stage::lab::{Lab, Tree, par, plain, seq, sub};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Opener, Place, until};
use crate::words::error::{BoxError, TaskError, full_text};
use crate::words::policy::Policy;

/// How many sequences there are.
const SEQUENCES: u64 = 12;
/// How long each of them is.
const STEPS: usize = 60;
/// The names of the definitions that are embedded.
const INNER: [&str; 3] = ["one", "two", "three"];
/// A lease, or a pause, that does not end here.
const LONG: Duration = Duration::from_secs(3600);
/// A lease that is over at once.
const SHORT: Duration = Duration::from_millis(1);

pub(super) async fn random_operations_come_to_what_they_come_to_in_process<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let seeds = match std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..SEQUENCES,
    };
    for seed in seeds {
        let mut duel = Duel::new(seed, place.backend.clone()).await?;
        for _ in 0..STEPS {
            let step = duel.step().await;
            let compared = match step {
                Ok(()) => duel.compare().await,
                Err(error) => Err(error),
            };
            if let Err(error) = compared {
                panic!("SEED={seed}: {error}\n{}", duel.history.join("\n"));
            }
        }
    }
    Ok(())
}

/// A claim on each side.
struct Held {
    worker: usize,
    here: (Arc<ClaimedProcess>, Claim),
    model: (Arc<ClaimedProcess>, Claim),
}

/// A job: its process and its node.
type Job = (String, u32);

struct Duel<B> {
    dice: Dice,
    here: B,
    model: LocalBackend,
    world: World,
    registry: Registry,
    queue: String,
    workers: Vec<WorkerId>,
    processes: Vec<Arc<Plan>>,
    held: BTreeMap<Job, Held>,
    /// Claims that are over: an end of theirs must be refused.
    stale: Vec<Held>,
    count: usize,
    history: Vec<String>,
}

impl<B: Backend> Duel<B> {
    async fn new(seed: u64, here: B) -> Result<Self, BoxError> {
        let world = World::new();
        let mut registry = Registry::new();
        for name in ["main"].into_iter().chain(INNER) {
            registry = registry.with(Lab::new(&world, seq([])).named(name))?;
        }
        let mut duel = Self {
            dice: Dice(seed),
            here,
            model: LocalBackend::new(),
            world,
            registry,
            queue: format!("queue-{seed}"),
            workers: Vec::new(),
            processes: Vec::new(),
            held: BTreeMap::new(),
            stale: Vec::new(),
            count: 0,
            history: Vec::new(),
        };
        for _ in 0..2 {
            let worker = duel.join(LONG).await?;
            duel.workers.push(worker);
        }
        duel.enqueue().await?;
        Ok(duel)
    }

    fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.dice.below(sides as u64)).unwrap()
    }

    fn note(&mut self, what: impl Into<String>) {
        self.history.push(what.into());
    }

    async fn join(&self, lease: Duration) -> Result<WorkerId, BoxError> {
        let worker = WorkerId::random();
        let membership = Membership {
            registry: self.registry.clone(),
            queues: [self.queue.clone()].into(),
            definitions: None,
            lease,
            max_lost: u32::MAX,
            bell: Arc::new(Bell::default()),
        };
        self.here.join(worker, membership.clone()).await?;
        self.model.join(worker, membership).await?;
        Ok(worker)
    }

    async fn step(&mut self) -> CaseResult {
        match self.below(20) {
            0 | 1 if self.processes.len() < 4 => self.enqueue().await,
            0 => self.enqueue_again().await,
            1..=5 => self.claim().await,
            6..=13 => self.finish().await,
            14 => self.finish_late().await,
            15 => self.cancel().await,
            16 => self.retry_failed().await,
            17 => self.pause().await,
            18 if self.dice.once_in(2) => self.leave().await,
            18 => self.crash().await,
            _ => self.delete().await,
        }
    }

    fn tree(&mut self, depth: usize) -> Tree {
        match self.below(if depth == 0 { 3 } else { 10 }) {
            0..=2 => {
                self.count += 1;
                plain(&self.count.to_string())
            }
            3..=5 => seq(self.trees(depth)),
            6..=8 => par(self.trees(depth)),
            _ => {
                let name = INNER[self.below(INNER.len())];
                let tree = self.tree(depth - 1);
                sub(Lab::new(&self.world, tree).named(name))
            }
        }
    }

    fn trees(&mut self, depth: usize) -> Vec<Tree> {
        (0..self.below(5)).map(|_| self.tree(depth - 1)).collect()
    }

    fn plan(&mut self, identifier: String) -> Result<Arc<Plan>, BoxError> {
        let trees: Vec<Tree> = (0..3).map(|_| self.tree(3)).collect();
        let mut policy = Policy::new();
        if self.dice.once_in(2) {
            policy = policy.finish_siblings();
        }
        let lab = Lab::new(&self.world, seq(trees));
        let process = lab.builder().identifier(identifier).queue(&*self.queue).policy(policy).build()?;
        Ok(Arc::new(process.plan()))
    }

    async fn enqueue(&mut self) -> CaseResult {
        self.count += 1;
        let plan = self.plan(format!("{}-{}", self.queue, self.count))?;
        self.note(format!("enqueue {} of {} jobs", plan.identifier(), plan.nodes().len()));
        self.processes.push(Arc::clone(&plan));
        self.add(plan).await
    }

    /// The same process, or another of the same identifier.
    async fn enqueue_again(&mut self) -> CaseResult {
        let number = self.below(self.processes.len());
        let known = Arc::clone(&self.processes[number]);
        let plan = if self.dice.once_in(2) { known } else { self.plan(known.identifier().to_owned())? };
        self.note(format!("enqueue {} again", plan.identifier()));
        self.add(plan).await
    }

    async fn add(&mut self, plan: Arc<Plan>) -> CaseResult {
        let text = |answers: Vec<Result<_, EnqueueError>>| format!("{answers:?}");
        let here = text(self.here.enqueue(vec![Arc::clone(&plan)]).await);
        same("the answer", &here, &text(self.model.enqueue(vec![plan]).await))
    }

    /// One of the workers claims all there is.
    async fn claim(&mut self) -> CaseResult {
        let worker = self.below(self.workers.len());
        self.note(format!("worker {worker} claims"));
        let claimed = self.claim_all(self.workers[worker]).await?;
        for (job, (here, model)) in claimed {
            self.note(format!("  {job:?}"));
            self.held.insert(job, Held { worker, here, model });
        }
        Ok(())
    }

    async fn claim_all(&self, worker: WorkerId) -> Result<BTreeMap<Job, Both>, BoxError> {
        // Stores count whole milliseconds, so that a pause of nothing may last for one.
        tokio::time::sleep(Duration::from_millis(3)).await;
        let here = claims(&self.here, worker).await?;
        let mut model = claims(&self.model, worker).await?;
        let text = |claims: &BTreeMap<Job, One>| -> Vec<String> {
            let text = |(job, (_, claim)): (&Job, &One)| {
                let told = claim.event.as_ref().map(|event| event.hook());
                format!("{job:?} attempt {} failed {} {told:?}", claim.attempt, claim.failed)
            };
            claims.iter().map(text).collect()
        };
        same("what is claimed", &text(&here), &text(&model))?;
        Ok(here
            .into_iter()
            .filter_map(|(job, here)| model.remove(&job).map(|model| (job, (here, model))))
            .collect())
    }

    /// One attempt ends in any way, or several succeed.
    async fn finish(&mut self) -> CaseResult {
        let mut jobs: Vec<Job> = self.held.keys().cloned().collect();
        if jobs.is_empty() {
            return Ok(());
        }
        let first = jobs.swap_remove(self.below(jobs.len()));
        let worker = self.held[&first].worker;
        jobs.retain(|job| self.held[job].worker == worker);
        let verdict = self.verdict(&first);
        let others = if verdict.is_none() { self.below(jobs.len() + 1) } else { 0 };
        jobs.truncate(others);
        jobs.insert(0, first);
        self.note(format!("{jobs:?} end: {verdict:?}"));
        let held: Vec<Held> = jobs.iter().filter_map(|job| self.held.remove(job)).collect();
        self.send(self.workers[worker], &held, verdict).await?;
        self.stale.extend(held);
        Ok(())
    }

    fn verdict(&mut self, job: &Job) -> Option<Verdict> {
        let (process, claim) = &self.held[job].here;
        let is_task = process.plan.nodes[claim.node as usize].kind == NodeKind::Task;
        let pause = if self.dice.once_in(2) { Duration::ZERO } else { LONG };
        match (self.below(14), is_task) {
            (0, _) => Some(Verdict::Retry { after: pause }),
            (1, true) => Some(Verdict::Fail),
            (1, false) => Some(Verdict::GiveUp),
            (2, true) => Some(Verdict::PutBack { after: pause }),
            (3, true) => Some(Verdict::NotBegun),
            (4, true) if self.dice.once_in(3) => Some(Verdict::Cancel),
            _ => None,
        }
    }

    /// An end comes of a claim that is over: it must not change anything.
    async fn finish_late(&mut self) -> CaseResult {
        if self.stale.is_empty() {
            return Ok(());
        }
        let number = self.below(self.stale.len());
        let late = self.stale.swap_remove(number);
        self.note(format!("{} of {} ends late", late.here.1.node, late.here.0.plan.identifier()));
        let worker = self.workers[late.worker];
        // A store may take it for the end that it has recorded, sent again; nothing changes by it.
        let _ = send(&self.here, worker, vec![finished(&late.here, None)]).await?;
        let _ = send(&self.model, worker, vec![finished(&late.model, None)]).await?;
        Ok(())
    }

    async fn send(&self, worker: WorkerId, held: &[Held], verdict: Option<Verdict>) -> CaseResult {
        let here = held.iter().map(|held| finished(&held.here, verdict.clone())).collect();
        let model = held.iter().map(|held| finished(&held.model, verdict.clone())).collect();
        let here = send(&self.here, worker, here).await?;
        same("what is lost", &here, &send(&self.model, worker, model).await?)
    }

    fn identifier(&mut self) -> String {
        let process = self.below(self.processes.len());
        self.processes[process].identifier().to_owned()
    }

    async fn cancel(&mut self) -> CaseResult {
        let identifier = self.identifier();
        self.note(format!("cancel {identifier}"));
        let text = |answer: Result<CancelAnswer, BackendError>| match answer {
            Ok(CancelAnswer::Cancelled) => "cancelled".to_owned(),
            Ok(CancelAnswer::TooLate(outcome)) => format!("too late: {outcome}"),
            Err(error) => error.to_string(),
        };
        let here = text(self.here.cancel(&identifier, "enough").await);
        same("the answer", &here, &text(self.model.cancel(&identifier, "enough").await))
    }

    async fn retry_failed(&mut self) -> CaseResult {
        let identifier = self.identifier();
        self.note(format!("retry {identifier}"));
        let here = text(self.here.retry_failed(&identifier).await);
        same("the answer", &here, &text(self.model.retry_failed(&identifier).await))
    }

    async fn pause(&mut self) -> CaseResult {
        let (identifier, paused) = (self.identifier(), self.dice.once_in(3));
        self.note(format!("pause {identifier}: {paused}"));
        let here = text(self.here.pause(&identifier, paused).await);
        same("the answer", &here, &text(self.model.pause(&identifier, paused).await))
    }

    async fn delete(&mut self) -> CaseResult {
        if self.processes.len() < 2 {
            return Ok(());
        }
        let identifier = self.identifier();
        self.note(format!("delete {identifier}"));
        let here = text(self.here.delete(&identifier).await);
        same("the answer", &here, &text(self.model.delete(&identifier).await))?;
        if here == "done" {
            self.processes.retain(|plan| plan.identifier() != identifier);
        }
        Ok(())
    }

    /// A worker leaves, and another takes its place.
    async fn leave(&mut self) -> CaseResult {
        let number = self.below(self.workers.len());
        self.note(format!("worker {number} leaves"));
        let worker = self.workers[number];
        self.here.leave(worker).await?;
        self.model.leave(worker).await?;
        self.workers[number] = self.join(LONG).await?;
        let jobs: Vec<Job> =
            self.held.iter().filter(|(_, held)| held.worker == number).map(|(job, _)| job.clone()).collect();
        self.stale.extend(jobs.iter().filter_map(|job| self.held.remove(job)));
        Ok(())
    }

    /// A worker claims all there is, and is never heard of again. In process, where no worker dies alone, it leaves.
    async fn crash(&mut self) -> CaseResult {
        self.note("a worker crashes");
        let worker = self.join(SHORT).await?;
        let claimed = self.claim_all(worker).await?;
        self.model.leave(worker).await?;
        if !self.here.capability().shared {
            self.here.leave(worker).await?;
            return Ok(());
        }
        let (here, other) = (&self.here, self.workers[0]);
        let is_running = async |(identifier, node): &Job| -> Result<bool, BoxError> {
            let status = here.status(identifier).await?;
            let job = status.jobs.iter().find(|job| job.number == *node as usize);
            Ok(job.is_some_and(|job| job.state == JobState::Running))
        };
        until("all its leases are taken back", async || {
            here.beat(other, true).await?;
            for job in claimed.keys() {
                if is_running(job).await? {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
        .await
    }

    /// Fails unless both show the same.
    async fn compare(&self) -> CaseResult {
        for plan in &self.processes {
            let identifier = plan.identifier();
            let here = view(&self.here, identifier).await?;
            same(identifier, &here, &view(&self.model, identifier).await?)?;
        }
        Ok(())
    }
}

type One = (Arc<ClaimedProcess>, Claim);
type Both = (One, One);

fn same<T: PartialEq + std::fmt::Debug>(what: &str, here: &T, model: &T) -> CaseResult {
    if here == model {
        return Ok(());
    }
    Err(format!("{what}:\n{here:#?}\nin process it is\n{model:#?}").into())
}

fn text(answer: Result<(), BackendError>) -> String {
    answer.map_or_else(|error| error.to_string(), |()| "done".to_owned())
}

async fn claims<B: Backend>(backend: &B, worker: WorkerId) -> Result<BTreeMap<Job, One>, BoxError> {
    let mut found = BTreeMap::new();
    loop {
        let mut claimed: Vec<Claimed> = Vec::new();
        backend.exchange(worker, &mut Vec::new(), 1_000, &mut claimed).await?;
        if claimed.is_empty() {
            return Ok(found);
        }
        for group in claimed {
            for claim in group.jobs {
                let job = (group.process.plan.identifier().to_owned(), claim.node);
                found.insert(job, (Arc::clone(&group.process), claim));
            }
        }
    }
}

fn finished((process, claim): &One, verdict: Option<Verdict>) -> Finished {
    let failure = verdict.map(|verdict| {
        let error = Arc::new(TaskError::new(format!("attempt {} has failed", claim.attempt)));
        Box::new(JobFailure { error, verdict })
    });
    let what = claim.what(&process.plan);
    let end = JobEnd { node: claim.node, attempt: claim.attempt, nonce: claim.nonce, what, failure };
    Finished { process: Arc::clone(process), jobs: smallvec![end] }
}

/// Sends ends, and gives those that were lost.
async fn send<B: Backend>(
    backend: &B,
    worker: WorkerId,
    mut finished: Vec<Finished>,
) -> Result<Vec<Job>, BoxError> {
    let exchanged = backend.exchange(worker, &mut finished, 0, &mut Vec::new()).await?;
    let mut lost: Vec<Job> =
        exchanged.lost.iter().map(|lost| (lost.process.plan.identifier().to_owned(), lost.node)).collect();
    lost.sort();
    Ok(lost)
}

/// What can be seen of a process, one line for each job.
async fn view<B: Backend>(backend: &B, identifier: &str) -> Result<Vec<String>, BoxError> {
    let status = backend.status(identifier).await?;
    let outcome = status.outcome.as_ref().map(ToString::to_string);
    let mut lines = vec![format!("{outcome:?}, ended: {}, paused: {}", status.ended, status.paused)];
    for job in &status.jobs {
        let state = match job.state {
            // When exactly a pause is over is not the same everywhere.
            JobState::Ready | JobState::Waiting => "queued",
            state => state.as_str(),
        };
        let error = job.error.as_ref().map(|error| full_text(error.error()));
        let (number, name, attempt, failed) = (job.number, &job.name, job.attempt, job.failed);
        lines.push(format!("{number} {name} {state}, attempt {attempt}, failed {failed}, {error:?}"));
    }
    Ok(lines)
}
