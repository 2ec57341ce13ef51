//! Ready jobs, in a line for each queue and priority (`R6`).

use std::cmp::Reverse;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::definition::schedule::DEFAULT_QUEUE;
use crate::plan::Plan;

/// Of so many claims one prefers jobs of processes that have not begun to those of processes under way.
const FAIRNESS: u64 = 8;

/// A job: its process and its node.
pub(super) type Place = (u64, u32);

/// All lines.
pub(super) struct Lines {
    /// The first is that of the default queue and priority. Few programs have another.
    all: Vec<Line>,
    /// The lines by priority, highest first.
    order: Vec<usize>,
    paused: HashSet<Arc<str>>,
    claims: u64,
}

/// Jobs that wait in one queue at one priority.
struct Line {
    queue: Arc<str>,
    priority: i16,
    is_paused: bool,
    /// Jobs of processes under way. They go first: what was begun is finished before more is begun.
    going: VecDeque<Place>,
    /// Jobs of processes that have not begun.
    fresh: VecDeque<Place>,
}

impl Lines {
    pub(super) fn new() -> Self {
        let mut lines = Self { all: Vec::new(), order: Vec::new(), paused: HashSet::new(), claims: 0 };
        lines.line(DEFAULT_QUEUE, 0);
        lines
    }

    /// The number of a line; a new one is added.
    fn line(&mut self, queue: &str, priority: i16) -> usize {
        let known = self.all.iter().position(|line| line.priority == priority && &*line.queue == queue);
        known.unwrap_or_else(|| {
            let line = Line {
                queue: queue.into(),
                priority,
                is_paused: self.paused.contains(queue),
                going: VecDeque::new(),
                fresh: VecDeque::new(),
            };
            self.all.push(line);
            self.order = (0..self.all.len()).collect();
            self.order.sort_by_key(|number| Reverse(self.all[*number].priority));
            self.all.len() - 1
        })
    }

    fn line_of(&mut self, plan: &Plan, node: u32) -> usize {
        if plan.is_ordinary() { 0 } else { self.line(plan.queue_of(node), plan.priority()) }
    }

    /// Adds the first job of a process.
    pub(super) fn push_fresh(&mut self, plan: &Plan, key: u64, node: u32) {
        let line = self.line_of(plan, node);
        self.all[line].fresh.push_back((key, node));
    }

    /// Adds jobs of a process under way.
    pub(super) fn push(&mut self, plan: &Plan, key: u64, nodes: impl IntoIterator<Item = u32>) {
        if plan.is_ordinary() {
            self.all[0].going.extend(nodes.into_iter().map(|node| (key, node)));
            return;
        }
        for node in nodes {
            let line = self.line_of(plan, node);
            self.all[line].going.push_back((key, node));
        }
    }

    /// Puts jobs back at the head of their line that were taken out in this order.
    pub(super) fn put_back(&mut self, plan: &Plan, key: u64, node: u32) {
        let line = self.line_of(plan, node);
        self.all[line].going.push_front((key, node));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.iter().all(|line| line.going.is_empty() && line.fresh.is_empty())
    }

    /// Whether there is something in one of the queues.
    pub(super) fn has_some(&self, serves: impl Fn(&str) -> bool) -> bool {
        self.all.iter().any(|line| {
            !(line.is_paused || line.going.is_empty() && line.fresh.is_empty()) && serves(&line.queue)
        })
    }

    /// Begins a claim: whether new processes go first this time.
    pub(super) fn turn(&mut self) -> bool {
        self.claims += 1;
        self.claims.is_multiple_of(FAIRNESS)
    }

    /// Takes the next job of one of the queues.
    pub(super) fn pop(&mut self, fresh_first: bool, serves: impl Fn(&str) -> bool) -> Option<Place> {
        for number in &self.order {
            let line = &mut self.all[*number];
            if (line.going.is_empty() && line.fresh.is_empty()) || line.is_paused || !serves(&line.queue) {
                continue;
            }
            let (first, second) = match fresh_first {
                true => (&mut line.fresh, &mut line.going),
                false => (&mut line.going, &mut line.fresh),
            };
            return first.pop_front().or_else(|| second.pop_front());
        }
        None
    }

    /// How many jobs of processes under way there are, where one line is all there is.
    pub(super) fn only_going(&self) -> Option<usize> {
        match &self.all[..] {
            [line] if !line.is_paused => Some(line.going.len()),
            _ => None,
        }
    }

    /// Takes those out that came after the first so many, no more than are wanted, in their order; of the only line.
    pub(super) fn take_latest(&mut self, first: usize, wanted: usize) -> impl Iterator<Item = Place> {
        let going = &mut self.all[0].going;
        let from = first.max(going.len().saturating_sub(wanted)).min(going.len());
        going.drain(from..)
    }

    pub(super) fn pause(&mut self, queue: &str, paused: bool) {
        if paused {
            self.paused.insert(queue.into());
        } else {
            self.paused.remove(queue);
        }
        for line in self.all.iter_mut().filter(|line| &*line.queue == queue) {
            line.is_paused = paused;
        }
    }
}
