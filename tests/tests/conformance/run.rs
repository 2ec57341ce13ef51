//! Really running a case, and looking at what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use tasktronaut::{LocalBackend, Process, Worker};

use crate::data::Case;
use crate::decisions;
use crate::recorder::{Event, Went};

/// No case takes a hundredth of this.
const DEADLINE: Duration = Duration::from_secs(5);

/// Runs a process with a worker of its own; an error says why it did not complete.
pub async fn run(process: &Process) -> Result<(), String> {
    let backend = LocalBackend::new();
    let worker = Worker::new(backend.clone()).concurrency(4).start().map_err(|error| error.to_string())?;
    let handle = process.enqueue(&backend).await.map_err(|error| error.to_string())?;
    let ended = tokio::time::timeout(DEADLINE, handle.wait()).await;
    worker.shutdown().await;
    match ended {
        Ok(ended) => ended.map_err(|error| error.to_string()),
        Err(_) => Err(format!("it has not ended after {DEADLINE:?}")),
    }
}

/// Compares what happened: each leaf and each hook once, with what belongs to it, and in an order that is allowed.
pub fn compare_events(case: &Case, process: &Process, events: &[Event], differences: &mut Vec<String>) {
    let places: Vec<usize> = process.tasks().map(|step| step.place()).collect();
    let leaf_at = |place: usize| places.iter().position(|known| *known == place);
    let mut moments: BTreeMap<String, Vec<Span>> = BTreeMap::new();

    for (now, event) in events.iter().enumerate() {
        match event {
            Event::Began(went) => match leaf_at(went.place) {
                Some(leaf) => {
                    compare_leaf(case, process, leaf, went, differences);
                    moments
                        .entry(format!("T{leaf}"))
                        .or_default()
                        .push(Span { began: now, ended: usize::MAX });
                }
                None => differences
                    .push(format!("`{}` ran at place {}, where no task stands", went.task, went.place)),
            },
            Event::Ended(place) => {
                let spans = leaf_at(*place).and_then(|leaf| moments.get_mut(&format!("T{leaf}")));
                if let Some(span) = spans.and_then(|spans| spans.last_mut()) {
                    span.ended = now;
                }
            }
            Event::Hook { hook, process: number, identifier } => {
                if identifier != process.identifier() {
                    differences.push(format!("{hook}{number} was told the identifier `{identifier}`"));
                }
                moments.entry(format!("{hook}{number}")).or_default().push(Span { began: now, ended: now });
            }
        }
    }
    compare_counts(case, &moments, differences);
    compare_order(case, &moments, differences);
}

/// When something happened, as numbers of events.
#[derive(Clone, Copy)]
struct Span {
    began: usize,
    ended: usize,
}

fn compare_leaf(case: &Case, process: &Process, leaf: usize, went: &Went, differences: &mut Vec<String>) {
    let Some(wanted) = case.intended.leaves.get(leaf) else {
        return;
    };
    let description = decisions::description(case, wanted);
    let found =
        (&went.task, &went.definition, went.description.as_deref(), &went.kwargs, went.identifier.as_str());
    let wanted = (&wanted.function, &wanted.definition, description, &wanted.kwargs, process.identifier());
    if found != wanted {
        differences.push(format!("T{leaf}\n      ran as         {found:?}\n      should have as {wanted:?}"));
    }
}

fn compare_counts(case: &Case, moments: &BTreeMap<String, Vec<Span>>, differences: &mut Vec<String>) {
    let tasks = case.intended.leaves.iter().map(|leaf| format!("T{}", leaf.number));
    let hooks =
        case.intended.processes.iter().flat_map(|data| [format!("S{}", data.id), format!("C{}", data.id)]);
    let wanted: Vec<String> = tasks.chain(hooks).collect();
    for name in &wanted {
        let times = moments.get(name).map_or(0, Vec::len);
        if times != 1 {
            differences.push(format!("{name} ran {times} times"));
        }
    }
    for name in moments.keys().filter(|name| !wanted.contains(name)) {
        differences.push(format!("{name} ran, and should not"));
    }
}

fn compare_order(case: &Case, moments: &BTreeMap<String, Vec<Span>>, differences: &mut Vec<String>) {
    let only = |name: &str| moments.get(name).and_then(|spans| spans.first()).copied();
    for (first, second) in &case.intended.order {
        if let (Some(before), Some(after)) = (only(first), only(second))
            && before.ended >= after.began
        {
            differences.push(format!("{second} began before {first} had ended"));
        }
    }
}
