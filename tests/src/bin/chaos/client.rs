//! A client: enqueues its share of the processes, cancels some, and waits for all. It says on its output when one has
//! ended, so that the run knows how far it is.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tasktronaut::backend::Backend;
use tasktronaut::plan::NodeKind;
use tasktronaut::{
    CancelAnswer, EnqueueError, Enqueued, Handle, Outcome, Plan, Policy, Process, ProcessBuilder, arguments,
};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::arguments::{Arguments, Fault};
use crate::dice::Dice;
use crate::script::{Kind, Wanted, wanted};
use crate::work::Part;
use crate::{crash, history, with_backend};

/// How many processes a client has under way.
const WINDOW: usize = 12;
/// The pause before a store that has failed is asked again.
const PAUSE: Duration = Duration::from_millis(100);

pub async fn run(arguments: Arguments) -> ExitCode {
    history::open(&arguments.history, &arguments.name);
    crash::listen(&arguments.name, arguments.crash.clone());
    let (say, mut allowed) = watch::channel(0);
    std::thread::spawn(move || listen(&say));
    let ends = allowed.clone();
    tokio::select! {
        () = enqueue_all(&arguments, &mut allowed) => ExitCode::SUCCESS,
        () = until_closed(ends) => ExitCode::FAILURE,
    }
}

/// The run says on the input how far clients may go, in percent, so that they do not outrun the faults.
fn listen(say: &watch::Sender<u64>) {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        say.send_replace(line.trim().parse().unwrap_or(100));
    }
}

/// Waits until the run is gone.
async fn until_closed(mut allowed: watch::Receiver<u64>) {
    while allowed.changed().await.is_ok() {}
}

async fn enqueue_all(arguments: &Arguments, allowed: &mut watch::Receiver<u64>) {
    with_backend!(&arguments.backend, backend => enqueue_share(backend, arguments.clone(), allowed).await);
}

async fn enqueue_share<B: Backend>(backend: B, arguments: Arguments, allowed: &mut watch::Receiver<u64>) {
    let Arguments { share: (which, all), fault, first, processes, .. } = arguments;
    let client = Arc::new(Client { backend, arguments, delay_us: AtomicU64::new(150_000) });
    let window = Arc::new(Semaphore::new(WINDOW));
    let mut under_way = JoinSet::new();
    for number in first..first + processes {
        // Where identifiers are fought for, every client wants all of them.
        if number % all != which && fault != Fault::SameIdentifier {
            continue;
        }
        let part = (number - first) * 100 / processes;
        allowed.wait_for(|allowed| *allowed >= part).await.expect("the run goes on");
        let place = Arc::clone(&window).acquire_owned().await.expect("the window stays open");
        let client = Arc::clone(&client);
        under_way.spawn(async move {
            client.enqueue(number).await;
            println!("{number}");
            drop(place);
        });
    }
    while let Some(ended) = under_way.join_next().await {
        ended.expect("a client does not fail");
    }
}

struct Client<B> {
    backend: B,
    arguments: Arguments,
    /// After about so many microseconds a process that is raced for is cancelled: it adapts, so that both sides win.
    delay_us: AtomicU64,
}

impl<B: Backend> Client<B> {
    async fn enqueue(&self, number: u64) {
        let Arguments { fault, seed, .. } = self.arguments;
        let wanted = wanted(fault, self.arguments.lease_ms(), seed, number);
        let content = self.content(number);
        let process = build(&format!("p-{number}"), content, &wanted);
        let identifier = process.identifier().to_owned();
        history::write("plan", plan_line(&process.plan(), content, &wanted));
        let Some(handle) = self.store(&process, content).await else { return };
        let delay = self.cancel_after(&wanted, number);
        let cancelled = async {
            tokio::time::sleep(delay?).await;
            Some(cancel(&handle).await)
        };
        let (won, ()) = tokio::join!(cancelled, wait(&handle, &identifier));
        if let (Fault::CancelRace, Some(won)) = (fault, won) {
            self.raced(won);
        }
    }

    /// The content, in which clients may differ that fight for an identifier.
    fn content(&self, number: u64) -> &'static str {
        let mut dice = Dice::of(self.arguments.seed ^ (self.arguments.share.0 << 32), number);
        if self.arguments.fault == Fault::SameIdentifier && dice.percent(35) { "other" } else { "usual" }
    }

    /// Enqueues until there is an answer; nothing where the identifier belongs to another process.
    async fn store(&self, process: &Process, content: &str) -> Option<Handle<B>> {
        let line = json!({ "process": process.identifier(), "content": content });
        loop {
            history::write("enqueue.invoke", line.clone());
            let mut line = line.clone();
            line["inv"] = json!(history::now());
            match process.enqueue(&self.backend).await {
                Ok(handle) => {
                    let is_new = handle.enqueued() == Enqueued::Created;
                    line["answer"] = json!(if is_new { "created" } else { "existing" });
                    history::write("enqueue.ok", line);
                    return Some(handle);
                }
                Err(EnqueueError::IdentifierConflict { .. }) => {
                    line["error"] = json!("IdentifierConflict");
                    history::write("enqueue.err", line);
                    return None;
                }
                Err(error) => {
                    eprintln!("an enqueue has failed: {error}");
                    history::write("enqueue.unknown", line);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn cancel_after(&self, wanted: &Wanted, number: u64) -> Option<Duration> {
        match self.arguments.fault {
            Fault::CancelRace => {
                // Spread widely enough that both sides win, and closely enough that it is a race.
                let percent = Dice::of(self.arguments.seed, number).within(40..220);
                Some(Duration::from_micros(self.delay_us.load(Ordering::Relaxed) * percent / 100))
            }
            _ => wanted.cancel_after_ms.map(Duration::from_millis),
        }
    }

    fn raced(&self, outcome: &'static str) {
        let won = match outcome {
            "cancelled" => "cancellation",
            "completed" => "completion",
            _ => return,
        };
        let before = self.delay_us.load(Ordering::Relaxed);
        let after = if won == "cancellation" { before + before / 6 } else { before - before / 6 };
        self.delay_us.store(after.clamp(1_000, 10_000_000), Ordering::Relaxed);
        let sides = ["cancellation", "completion"];
        history::write("race", json!({ "name": "cancel", "sides": sides, "won": won }));
    }
}

async fn cancel<B: Backend>(handle: &Handle<B>) -> &'static str {
    loop {
        history::write("cancel.invoke", json!({ "process": handle.identifier() }));
        let inv = history::now();
        match handle.cancel("somebody wants it so").await {
            Ok(answer) => {
                let outcome = match answer {
                    CancelAnswer::Cancelled => "cancelled",
                    CancelAnswer::TooLate(outcome) => name_of(&outcome),
                };
                let line = json!({ "process": handle.identifier(), "inv": inv, "outcome": outcome });
                history::write("cancel.ok", line);
                return outcome;
            }
            Err(error) => {
                eprintln!("a cancellation has failed: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn wait<B: Backend>(handle: &Handle<B>, identifier: &str) {
    let inv = history::now();
    loop {
        match handle.outcome().await {
            Ok(outcome) => {
                let line = json!({ "process": identifier, "inv": inv, "outcome": name_of(&outcome) });
                return history::write("wait.ok", line);
            }
            Err(error) => {
                eprintln!("waiting has failed: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled { .. } => "cancelled",
    }
}

fn build(identifier: &str, content: &str, wanted: &Wanted) -> Process {
    let mut policy = Policy::new();
    if let Some(deadline) = wanted.deadline_ms {
        policy = policy.timeout(Duration::from_millis(deadline));
    }
    if wanted.finish_siblings {
        policy = policy.finish_siblings();
    }
    let mut builder = ProcessBuilder::<Part<0>>::new(arguments! { content: content, script: wanted.steps })
        .identifier(identifier)
        .policy(policy)
        .priority(wanted.priority);
    if wanted.start_after_ms > 0 {
        builder = builder.start_after(Duration::from_millis(wanted.start_after_ms));
    }
    builder.build().expect("scripts make sense")
}

fn plan_line(plan: &Plan, content: &str, wanted: &Wanted) -> Value {
    let mut deps: Vec<Vec<usize>> = vec![Vec::new(); plan.nodes().len()];
    for node in plan.nodes() {
        for dependent in node.dependents() {
            deps[*dependent as usize].push(node.number());
        }
    }
    let job = |(node, deps): (tasktronaut::plan::Node<'_>, Vec<usize>)| {
        let mut job = json!({ "job": node.number(), "scope": node.scope(), "deps": deps });
        job["kind"] = json!(match node.kind() {
            NodeKind::Task => "task",
            NodeKind::Join => "join",
            _ => "hook",
        });
        match node.kind() {
            NodeKind::Started => job["hook"] = json!("on_started"),
            NodeKind::Terminal => job["hook"] = json!("terminal"),
            _ => {}
        }
        if let Some(task) = node.task() {
            job["task"] = json!(task.name());
            job["max_attempts"] = json!(Kind::attempts(task.name()));
            job["undecodable"] = json!(task.name() == Kind::Unreadable.name());
        }
        job
    };
    let jobs: Vec<Value> = plan.nodes().zip(deps).map(job).collect();
    let scopes: Vec<Value> = plan
        .scopes()
        .map(|scope| {
            let name = scope.definition().name();
            let hooks = ["on_started", "on_completed", "on_failed", "on_cancelled", "on_task_failed"];
            let hooks: &[&str] = if name.ends_with('3') { &[] } else { &hooks };
            json!({ "scope": scope.number(), "parent": scope.parent(), "definition": name, "hooks": hooks })
        })
        .collect();
    let mut line =
        json!({ "process": plan.identifier(), "content": content, "jobs": jobs, "scopes": scopes });
    line["finish_siblings"] = json!(wanted.finish_siblings);
    line["deadline_ms"] = json!(wanted.deadline_ms);
    line
}
