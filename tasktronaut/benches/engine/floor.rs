//! The floor: what any executor of a graph must do at the least, on two threads, written by hand.

use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use serde::Deserialize;

use crate::shapes::Shape;

/// The arguments that every job decodes.
#[derive(Deserialize)]
struct Item {
    path: String,
    size: u32,
}

/// A graph in arrays: counters, dependents side by side, and the JSON text of each job's argument.
#[derive(Clone)]
pub struct Graph {
    waits_for: Vec<u32>,
    first: Vec<u32>,
    dependents: Vec<u32>,
    texts: Vec<u8>,
    text_ends: Vec<u32>,
    roots: Vec<u32>,
    /// Nodes that are no jobs: joins.
    is_join: Vec<bool>,
}

impl Graph {
    pub fn new(shape: Shape) -> Self {
        let mut edges: Vec<(u32, u32)> = Vec::new();
        let mut joins = Vec::new();
        let mut nodes: u32 = 0;
        let mut node = |is_join: bool| {
            joins.push(is_join);
            nodes += 1;
            nodes - 1
        };
        match shape {
            Shape::Chain(jobs) => {
                let mut last = node(false);
                for _ in 1..jobs {
                    let next = node(false);
                    edges.push((last, next));
                    last = next;
                }
            }
            Shape::Fan(jobs) => {
                let (root, last) = (node(false), node(false));
                for _ in 0..jobs {
                    let middle = node(false);
                    edges.extend([(root, middle), (middle, last)]);
                }
            }
            Shape::Layers(layers, jobs) => {
                let mut before = None;
                for _ in 0..layers {
                    let after = node(true);
                    for _ in 0..jobs {
                        let job = node(false);
                        edges.extend(before.map(|before| (before, job)));
                        edges.push((job, after));
                    }
                    before = Some(after);
                }
            }
            Shape::Small(processes) => {
                for _ in 0..processes {
                    let [first, left, middle, right, last] = std::array::from_fn(|_| node(false));
                    for side in [left, middle, right] {
                        edges.extend([(first, side), (side, last)]);
                    }
                }
            }
        }
        Self::from_edges(&edges, joins)
    }

    fn from_edges(edges: &[(u32, u32)], is_join: Vec<bool>) -> Self {
        let nodes = is_join.len();
        let mut waits_for = vec![0; nodes];
        let mut first = vec![0; nodes + 1];
        for (from, to) in edges {
            waits_for[*to as usize] += 1;
            first[*from as usize + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let mut next = first.clone();
        let mut dependents = vec![0; edges.len()];
        for (from, to) in edges {
            dependents[next[*from as usize] as usize] = *to;
            next[*from as usize] += 1;
        }
        let mut texts = Vec::new();
        let mut text_ends = Vec::with_capacity(nodes);
        for node in 0..nodes {
            let text = format!(r#"{{"path":"photos/2026/summer/{node:07}.jpg","size":640}}"#);
            texts.extend_from_slice(text.as_bytes());
            text_ends.push(u32::try_from(texts.len()).expect("small enough"));
        }
        let roots =
            (0u32..).zip(&waits_for).filter(|(_, count)| **count == 0).map(|(node, _)| node).collect();
        Self { waits_for, first, dependents, texts, text_ends, roots, is_join }
    }

    /// The graph with its counters set, ready to run.
    pub fn fresh(&self) -> Fresh<'_> {
        Fresh {
            graph: self,
            counters: self.waits_for.iter().map(|count| AtomicU32::new(*count)).collect(),
            shared: Mutex::new(self.roots.clone()),
            left: AtomicUsize::new(self.is_join.len()),
            hungry: AtomicBool::new(false),
        }
    }

    fn run_job(&self, node: u32) {
        let node = node as usize;
        if self.is_join[node] {
            return;
        }
        let start = if node == 0 { 0 } else { self.text_ends[node - 1] };
        let text = &self.texts[start as usize..self.text_ends[node] as usize];
        let item: Item = serde_json::from_slice(text).expect("JSON");
        black_box((item.path, item.size));
    }
}

/// One run of a graph.
pub struct Fresh<'a> {
    graph: &'a Graph,
    counters: Vec<AtomicU32>,
    /// Ready nodes that either thread may take.
    shared: Mutex<Vec<u32>>,
    left: AtomicUsize,
    hungry: AtomicBool,
}

impl Fresh<'_> {
    pub fn run(self) {
        std::thread::scope(|scope| {
            scope.spawn(|| self.work());
            self.work();
        });
    }

    fn work(&self) {
        let mut own: Vec<u32> = Vec::new();
        let mut done = 0;
        loop {
            while let Some(node) = own.pop() {
                self.graph.run_job(node);
                done += 1;
                let (first, end) = (self.graph.first[node as usize], self.graph.first[node as usize + 1]);
                for dependent in &self.graph.dependents[first as usize..end as usize] {
                    if self.counters[*dependent as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
                        own.push(*dependent);
                    }
                }
                if own.len() > 1 && self.hungry.load(Ordering::Relaxed) {
                    let half = own.len() / 2;
                    self.shared.lock().expect("no panic").extend(own.drain(..half));
                    self.hungry.store(false, Ordering::Relaxed);
                }
            }
            if self.left.fetch_sub(done, Ordering::AcqRel) == done {
                return;
            }
            done = 0;
            loop {
                {
                    let mut shared = self.shared.lock().expect("no panic");
                    let rest = shared.len() / 2;
                    own.extend(shared.drain(rest..));
                }
                if !own.is_empty() {
                    break;
                }
                if self.left.load(Ordering::Acquire) == 0 {
                    return;
                }
                self.hungry.store(true, Ordering::Relaxed);
                std::hint::spin_loop();
            }
        }
    }
}
