//! Random processes: a script says what one is made of, and travels as its argument.

use serde::{Deserialize, Serialize};

use crate::arguments::Fault;
use crate::dice::Dice;

/// A step and what is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Script {
    Task(Kind, Work),
    Seq(Vec<Script>),
    Par(Vec<Script>),
    /// The same task for each of these.
    Each(Kind, Vec<Work>),
    /// A sub-process: which definition, and its steps.
    Sub(u8, Vec<Script>),
}

/// Which task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A plain function with two retries.
    Plain,
    /// A plain function without any.
    Once,
    /// An async function with two retries.
    Waits,
    /// An async function with a timeout and one retry.
    Timed,
    /// A plain function with a timeout and one retry.
    TimedPlain,
    /// One whose arguments nobody can read.
    Unreadable,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Once => "once",
            Self::Waits => "waits",
            Self::Timed => "timed",
            Self::TimedPlain => "timed_plain",
            Self::Unreadable => "unreadable",
        }
    }

    /// How often a task is tried, by its name.
    pub fn attempts(name: &str) -> u32 {
        match name {
            "plain" | "waits" => 3,
            "timed" | "timed_plain" => 2,
            _ => 1,
        }
    }
}

/// What a task does.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Work {
    /// How long it takes.
    pub ms: u64,
    /// How the first attempts end.
    pub first: How,
    /// How many attempts are the first ones; the others succeed.
    pub times: u32,
    /// It ends at the next full multiple of so many milliseconds, as everybody else who does.
    pub align_ms: u64,
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    Well,
    Error,
    RetryAfter,
    Fatal,
    Cancel,
    Panic,
    /// It takes longer than it may; only of tasks with a timeout.
    Late,
}

/// A process as a client enqueues it.
pub struct Wanted {
    pub steps: Vec<Script>,
    pub finish_siblings: bool,
    pub deadline_ms: Option<u64>,
    pub start_after_ms: u64,
    pub priority: i16,
    /// So long after it was enqueued somebody cancels it.
    pub cancel_after_ms: Option<u64>,
}

/// How long a task with a timeout may take.
pub const TIMEOUT_MS: u64 = 600;

/// The process of this number, as it befits a fault.
pub fn wanted(fault: Fault, lease_ms: u64, seed: u64, number: u64) -> Wanted {
    let mut dice = Dice::of(seed, number);
    let simple = |steps| Wanted {
        steps,
        finish_siblings: false,
        deadline_ms: None,
        start_after_ms: 0,
        priority: 0,
        cancel_after_ms: None,
    };
    match fault {
        Fault::Barrier => {
            let width = dice.within(2..7);
            let last = (0..width)
                .map(|_| Script::Task(dice.choose(&[Kind::Waits, Kind::Plain]), aligned()))
                .collect();
            simple(vec![Script::Par(last), Script::Task(Kind::Plain, well(1))])
        }
        Fault::Calm => {
            let wide = (0..24).map(|_| Script::Task(Kind::Waits, well(30))).collect();
            simple(vec![Script::Par(wide)])
        }
        Fault::CancelRace => {
            let steps = (0..2).map(|_| Script::Task(Kind::Waits, well(20))).collect();
            simple(steps)
        }
        Fault::RecoveryRace => {
            let long =
                (0..dice.within(1..3)).map(|_| Script::Task(Kind::Once, well(lease_ms * 11 / 10))).collect();
            simple(vec![Script::Par(long), Script::Task(Kind::Plain, well(5))])
        }
        _ => Wanted {
            finish_siblings: dice.percent(20),
            deadline_ms: dice.percent(3).then(|| dice.within(300..3000)),
            start_after_ms: if dice.percent(5) { dice.within(1..300) } else { 0 },
            priority: dice.choose(&[0, 0, 0, 5, -5]),
            cancel_after_ms: dice
                .percent(if fault == Fault::CrashPoints { 30 } else { 12 })
                .then(|| dice.within(0..500)),
            steps: steps(&mut dice, 0),
        },
    }
}

fn aligned() -> Work {
    Work { align_ms: 100, ..well(2) }
}

fn well(ms: u64) -> Work {
    Work { ms, first: How::Well, times: 0, align_ms: 0 }
}

fn steps(dice: &mut Dice, depth: u64) -> Vec<Script> {
    let count = if depth == 0 { dice.within(2..5) } else { dice.within(1..4) };
    (0..count).map(|_| step(dice, depth)).collect()
}

fn step(dice: &mut Dice, depth: u64) -> Script {
    match dice.within(0..if depth < 3 { 10 } else { 4 }) {
        0..4 => task(dice),
        4 => Script::Seq(steps(dice, depth + 1)),
        5 | 6 => Script::Par(steps(dice, depth + 1)),
        7 => {
            let kind = dice.choose(&[Kind::Plain, Kind::Waits]);
            Script::Each(kind, (0..dice.within(1..5)).map(|_| work(dice, kind)).collect())
        }
        _ => Script::Sub(u8::try_from(dice.within(1..4)).unwrap_or(1), steps(dice, depth + 1)),
    }
}

fn task(dice: &mut Dice) -> Script {
    if dice.percent(1) {
        return Script::Task(Kind::Unreadable, well(1));
    }
    let all = [Kind::Plain, Kind::Plain, Kind::Waits, Kind::Waits, Kind::Once, Kind::Timed, Kind::TimedPlain];
    let kind = dice.choose(&all);
    Script::Task(kind, work(dice, kind))
}

fn work(dice: &mut Dice, kind: Kind) -> Work {
    let ms = dice.choose(&[1, 10, 40, 80, 150, 250]);
    let can_be_late = matches!(kind, Kind::Timed | Kind::TimedPlain);
    let first = match dice.within(0..100) {
        0..4 => How::Error,
        4..6 => How::RetryAfter,
        6 => How::Fatal,
        7 => How::Cancel,
        8 | 9 => How::Panic,
        10..25 if can_be_late => How::Late,
        _ => How::Well,
    };
    let times = if kind == Kind::Once { 1 } else { u32::try_from(dice.within(1..4)).unwrap_or(1) };
    // Most of those that fail do well in the end.
    let times = if times == 3 && dice.percent(60) { 1 } else { times };
    Work { ms, first, times, align_ms: 0 }
}
