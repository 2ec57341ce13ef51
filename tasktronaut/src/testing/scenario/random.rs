//! Random graphs with random errors, really run, and compared with a naive model.
//!
//! A seed that fails is run alone with `SEED=n`.

use std::collections::BTreeSet;

use crate::plan::{JobState, Outcome};
use crate::testing::stage::lab::{AT_ONCE, Lab, Tree, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Ended, Opener, Place};
use crate::words::error::{BoxError, CancelProcessError, NonRetryableProcessError, TaskError};
use crate::words::policy::Policy;

/// How many graphs are run in process, where that is quick, and elsewhere.
const GRAPHS: [u64; 2] = [150, 25];

/// SplitMix64.
pub(super) struct Dice(pub u64);

impl Dice {
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    pub(super) fn once_in(&mut self, sides: u64) -> bool {
        self.below(sides) == 0
    }
}

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Script {
    /// Fails so often, then succeeds.
    Fails(u32),
    Panics(u32),
    NonRetryable,
    Cancels,
}

impl Script {
    fn play(self, attempt: u32) -> Result<(), TaskError> {
        match self {
            Self::Fails(times) if attempt <= times => Err(TaskError::new("fails")),
            Self::Panics(times) if attempt <= times => panic!("a panic of a random test"),
            Self::NonRetryable => Err(TaskError::new(NonRetryableProcessError::new("for good"))),
            Self::Cancels => Err(TaskError::new(CancelProcessError::new("enough"))),
            Self::Fails(_) | Self::Panics(_) => Ok(()),
        }
    }

    fn succeeds(self, retries: u32) -> bool {
        matches!(self, Self::Fails(times) | Self::Panics(times) if times <= retries)
    }
}

/// The model's graph.
#[derive(Debug)]
enum Node {
    Task(String, Script),
    Seq(Vec<Node>),
    Par(Vec<Node>),
    Sub(&'static str, Box<Node>),
}

struct Maker<'a> {
    dice: &'a mut Dice,
    world: &'a World,
    steps: usize,
    subs: usize,
    troubles: u64,
}

impl Maker<'_> {
    fn node(&mut self, depth: u64) -> (Node, Tree) {
        match self.dice.below(if depth == 0 { 4 } else { 10 }) {
            0..=3 => self.task(),
            4..=5 => {
                let (nodes, trees) = self.nodes(depth);
                (Node::Seq(nodes), seq(trees))
            }
            6..=7 => {
                let (nodes, trees) = self.nodes(depth);
                (Node::Par(nodes), par(trees))
            }
            _ => {
                self.subs += 1;
                let name: &'static str = format!("sub_{}", self.subs).leak();
                let (node, tree) = self.node(depth - 1);
                (Node::Sub(name, Box::new(node)), sub(Lab::new(self.world, tree).named(name)))
            }
        }
    }

    fn nodes(&mut self, depth: u64) -> (Vec<Node>, Vec<Tree>) {
        (0..self.dice.below(5)).map(|_| self.node(depth - 1)).unzip()
    }

    fn task(&mut self) -> (Node, Tree) {
        self.steps += 1;
        let step = self.steps.to_string();
        let script = match self.dice.below(self.troubles) {
            0 => Script::Fails(9),
            1 => Script::NonRetryable,
            2 => Script::Cancels,
            3 => Script::Panics(9),
            4 | 5 => Script::Panics(1),
            6 | 7 => Script::Fails(2),
            _ => Script::Fails(0),
        };
        let tree = if self.dice.once_in(2) {
            self.world.plain(&step, move |context| script.play(context.attempt()));
            plain(&step)
        } else {
            let yields = self.dice.below(3);
            self.world.asynchronous(&step, move |call| async move {
                for _ in 0..yields {
                    tokio::task::yield_now().await;
                }
                script.play(call.context().attempt())
            });
            asynchronous(&step)
        };
        (Node::Task(step, script), tree)
    }
}

/// What is looked at after the end.
struct Check<'a> {
    world: &'a World,
    log: Vec<String>,
    ended: &'a Ended,
    retries: u32,
    wrong: Vec<String>,
}

/// When a part of the graph began and ended, and whether all of it succeeded.
#[derive(Clone, Copy)]
struct Span {
    begin: Option<usize>,
    end: Option<usize>,
    succeeded: bool,
}

impl Check<'_> {
    fn places(&self, entry: &str) -> Vec<usize> {
        self.log.iter().enumerate().filter(|(_, known)| *known == entry).map(|(place, _)| place).collect()
    }

    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }

    fn node(&mut self, node: &Node) -> Span {
        match node {
            Node::Task(step, script) => self.task(step, *script),
            Node::Seq(nodes) => {
                let mut whole = Span { begin: None, end: None, succeeded: true };
                for node in nodes {
                    let span = self.node(node);
                    if let Some(begin) = span.begin {
                        let before = whole.end.is_none_or(|end| end < begin) && whole.succeeded;
                        self.expect(before, || {
                            format!("{node:?} began before what precedes it had succeeded")
                        });
                    }
                    whole = whole.and(span);
                }
                whole
            }
            Node::Par(nodes) => nodes
                .iter()
                .map(|node| self.node(node))
                .fold(Span { begin: None, end: None, succeeded: true }, Span::and),
            Node::Sub(name, node) => {
                let inner = self.node(node);
                self.scope(name, inner, false)
            }
        }
    }

    fn task(&mut self, step: &str, script: Script) -> Span {
        let begins = self.places(&format!("begin {step}"));
        let mut ends: Vec<usize> =
            ["end", "fail", "drop"].iter().flat_map(|end| self.places(&format!("{end} {step}"))).collect();
        ends.sort_unstable();
        let state = self.ended.state(step);
        let job = self.ended.status.tasks().find(|job| job.description.as_deref() == Some(step)).unwrap();
        let attempt = job.attempt as usize;
        self.expect(begins.len() == ends.len(), || format!("{step}: {begins:?} {ends:?}"));
        let one_by_one = begins.iter().zip(&ends).all(|(begin, end)| begin < end)
            && ends.iter().zip(begins.iter().skip(1)).all(|(end, begin)| end < begin);
        self.expect(one_by_one, || format!("{step}: attempts overlap: {begins:?} {ends:?}"));
        let most = self.retries as usize + 1;
        self.expect(begins.len() <= attempt && attempt <= most, || format!("{step}: {attempt} attempts"));
        if state == JobState::Succeeded {
            self.expect(script.succeeds(self.retries), || format!("{step} cannot have succeeded"));
        }
        if state == JobState::Failed {
            self.expect(!script.succeeds(0), || format!("{step} cannot have failed"));
        }
        Span {
            begin: begins.first().copied(),
            end: ends.last().copied(),
            succeeded: state == JobState::Succeeded,
        }
    }

    fn scope(&mut self, name: &str, inner: Span, is_root: bool) -> Span {
        let started = self.places(&format!("on_started {name}"));
        let ends = ["completed", "failed", "cancelled"].map(|end| self.places(&format!("on_{end} {name}")));
        let [completed, ..] = &ends;
        let all: Vec<usize> = ends.iter().flatten().copied().collect();
        self.expect(started.len() <= 1, || format!("{name} was started {} times", started.len()));
        let wanted = if is_root { 1 } else { started.len() };
        self.expect(all.len() == wanted, || format!("{name} was told {} ends, wanted {wanted}", all.len()));
        self.expect(
            inner.begin.is_none_or(|begin| started.first().is_some_and(|started| *started < begin)),
            || format!("{name}: a job began before on_started"),
        );
        self.expect(inner.end.is_none_or(|end| all.first().is_some_and(|all| end < *all)), || {
            format!("{name}: the last hook came before the last job had ended")
        });
        self.expect(completed.is_empty() || inner.succeeded, || {
            format!("{name} completed and did not succeed")
        });
        Span { begin: started.first().copied(), end: all.last().copied(), succeeded: completed.len() == 1 }
    }

    /// Which hooks each scope around a failed job was told.
    fn told(&mut self, root: &Node, finishes_siblings: bool) {
        let failed: BTreeSet<String> =
            self.world.all("on_failed").iter().map(|hook| hook.replace("on_failed ", "")).collect();
        let mut chains = Vec::new();
        self.chains(root, &mut vec!["main".to_owned()], &mut chains);
        match &self.ended.outcome {
            Outcome::Completed => {
                let others = self.world.all("on_failed").len() + self.world.all("on_cancelled").len();
                self.expect(others == 0, || "a process completed, and a scope did not".into());
            }
            Outcome::Failed(_) if finishes_siblings => {
                let wanted: BTreeSet<String> = chains.iter().flatten().cloned().collect();
                self.expect(failed == wanted, || {
                    format!("told of the failure: {failed:?}, wanted {wanted:?}")
                });
                let cancelled = self.world.all("on_cancelled");
                self.expect(cancelled.is_empty(), || format!("nothing was stopped: {cancelled:?}"));
            }
            Outcome::Failed(_) => {
                let is_one =
                    chains.iter().any(|chain| chain.iter().cloned().collect::<BTreeSet<_>>() == failed);
                self.expect(is_one, || format!("told of the failure: {failed:?}, possible are {chains:?}"));
            }
            Outcome::Cancelled { .. } => {
                let main = self.world.count("on_cancelled main");
                self.expect(main == 1, || "cancelled, and not told so".into());
                self.expect(failed.is_empty() || finishes_siblings, || {
                    format!("nothing has failed: {failed:?}")
                });
            }
        }
    }

    /// The scopes around each failed job.
    fn chains(&self, node: &Node, around: &mut Vec<String>, chains: &mut Vec<Vec<String>>) {
        match node {
            Node::Task(step, _) if self.ended.state(step) == JobState::Failed => chains.push(around.clone()),
            Node::Task(..) => {}
            Node::Seq(nodes) | Node::Par(nodes) => {
                nodes.iter().for_each(|node| self.chains(node, around, chains))
            }
            Node::Sub(name, node) => {
                around.push((*name).to_owned());
                self.chains(node, around, chains);
                around.pop();
            }
        }
    }
}

impl Span {
    fn and(self, other: Self) -> Self {
        Self {
            begin: self.begin.into_iter().chain(other.begin).min(),
            end: self.end.into_iter().chain(other.end).max(),
            succeeded: self.succeeded && other.succeeded,
        }
    }
}

/// The states that the model foresees where siblings finish, and whether all succeeded.
fn foresee(node: &Node, retries: u32, runs: bool, states: &mut Vec<(String, JobState)>) -> bool {
    match node {
        Node::Task(step, script) => {
            let state = match (runs, script.succeeds(retries)) {
                (false, _) => JobState::Skipped,
                (true, true) => JobState::Succeeded,
                (true, false) => JobState::Failed,
            };
            states.push((step.clone(), state));
            state == JobState::Succeeded
        }
        Node::Seq(nodes) => {
            nodes.iter().fold(runs, |runs, node| foresee(node, retries, runs, states) && runs)
        }
        Node::Par(nodes) => nodes.iter().fold(runs, |all, node| foresee(node, retries, runs, states) && all),
        Node::Sub(_, node) => foresee(node, retries, runs, states) && runs,
    }
}

fn any(node: &Node, wanted: &impl Fn(Script) -> bool) -> bool {
    match node {
        Node::Task(_, script) => wanted(*script),
        Node::Seq(nodes) | Node::Par(nodes) => nodes.iter().any(|node| any(node, wanted)),
        Node::Sub(_, node) => any(node, wanted),
    }
}

/// Runs one graph; what is wrong with it.
async fn run<O: Opener>(place: &Place<O>, seed: u64) -> Result<Vec<String>, BoxError> {
    let mut dice = Dice(seed);
    let world = World::new();
    let retries = u32::try_from(dice.below(3)).unwrap();
    let finishes_siblings = dice.once_in(2);
    let concurrency = usize::try_from(dice.below(5)).unwrap() + 1;
    let troubles = [8, 40, 400][usize::try_from(dice.below(3)).unwrap()];
    let mut maker = Maker { dice: &mut dice, world: &world, steps: 0, subs: 0, troubles };
    let (nodes, trees): (Vec<_>, Vec<_>) = (0..4).map(|_| maker.node(4)).unzip();
    let (root, tree) = (Node::Seq(nodes), seq(trees));
    let mut policy = Policy::new().retries(retries).backoff(AT_ONCE);
    if finishes_siblings {
        policy = policy.finish_siblings();
    }
    let ended = place.start_with(Lab::new(&world, tree).policy(policy), concurrency).await?.end().await?;

    let mut check = Check { world: &world, log: world.log(), ended: &ended, retries, wrong: Vec::new() };
    let whole = check.node(&root);
    let whole = check.scope("main", whole, true);
    check.told(&root, finishes_siblings);
    let completes = !any(&root, &|script| !script.succeeds(retries));
    check.expect(whole.succeeded == completes, || {
        format!("{:?}, though it completes: {completes}", ended.outcome)
    });
    check.expect(whole.succeeded == matches!(ended.outcome, Outcome::Completed), || {
        format!("{:?}, and the hook says {}", ended.outcome, whole.succeeded)
    });
    if finishes_siblings && !any(&root, &|script| script == Script::Cancels) {
        let mut states = Vec::new();
        foresee(&root, retries, true, &mut states);
        for (step, wanted) in states {
            let found = ended.state(&step);
            check.expect(found == wanted, || format!("{step} {found}, foreseen {wanted}"));
        }
    }
    if !check.wrong.is_empty() {
        check.wrong.push(format!("{root:?}\n{:#?}", check.log));
    }
    Ok(check.wrong)
}

pub(super) async fn random_graphs_do_what_the_model_foresees<O: Opener>(place: Place<O>) -> CaseResult {
    let seeds = match std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..GRAPHS[usize::from(place.is_shared())],
    };
    for seed in seeds {
        let wrong = run(&place, seed).await?;
        assert!(wrong.is_empty(), "SEED={seed}\n{}", wrong.join("\n"));
    }
    Ok(())
}
