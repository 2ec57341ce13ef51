//! From the tree of steps to the flat plan, in one pass and without recursion.
//!
//! What follows a step must wait for the step's last nodes: its *front*. A task's front is its node; a sequential
//! block's is that of its last step; a concurrent block's is that of all its steps together. A step without nodes
//! has no front, and what follows waits for what came before (`R5`: an empty block passes through, in its place).

use crate::definition::ExecutionMode;
use crate::definition::process::Process;
use crate::definition::tables::{RecordKind, Tables};

use super::graph::{NO_SCOPE, NodeKind, NodeRecord, Plan, ScopeRecord};

impl Process {
    /// The flat graph of jobs that this process becomes.
    pub fn plan(&self) -> Plan {
        lower(self)
    }
}

fn lower(process: &Process) -> Plan {
    let tables = process.tables();
    let mut lowering = Lowering::new(tables);
    for place in 0..tables.records.len() {
        lowering.close_until(place);
        lowering.step(place);
    }
    lowering.close_until(tables.records.len());
    let (nodes, dependents) = connect(lowering.nodes, &lowering.edges);
    let schedule = process.schedule();
    Plan {
        identifier: process.shared_identifier().clone(),
        tables: tables.clone(),
        policy: process.policy(),
        queue: schedule.queue.clone(),
        queues: None,
        priority: schedule.priority,
        ordinary: schedule.priority == 0
            && schedule.queue.is_none()
            && tables.definitions.iter().all(|definition| !definition.names_queues()),
        start: schedule.start,
        nodes,
        dependents,
        scopes: lowering.scopes,
    }
}

/// A set of nodes, as a list in [`Lowering::links`], so that two are joined in one stroke.
#[derive(Debug, Clone, Copy)]
struct Front {
    first: usize,
    last: usize,
    length: usize,
}

/// A block that is being lowered.
struct Frame {
    end: usize,
    mode: ExecutionMode,
    /// What its first steps wait for; in a sequential block, what its next step waits for.
    entry: Option<Front>,
    /// The front of its steps so far.
    front: Option<Front>,
    /// The scope that its steps belong to.
    scope: u32,
    /// Whether it is that scope: a process, and not a plain block in one.
    is_process: bool,
}

struct Lowering<'a> {
    tables: &'a Tables,
    nodes: Vec<NodeRecord>,
    edges: Vec<(u32, u32)>,
    scopes: Vec<ScopeRecord>,
    frames: Vec<Frame>,
    /// Nodes with the index of the next link; the last link of a front points at itself.
    links: Vec<(u32, usize)>,
}

impl<'a> Lowering<'a> {
    fn new(tables: &'a Tables) -> Self {
        let steps = tables.records.len();
        Self {
            tables,
            nodes: Vec::with_capacity(steps + 2),
            edges: Vec::with_capacity(steps + 2),
            scopes: Vec::new(),
            frames: Vec::new(),
            links: Vec::with_capacity(steps + 2),
        }
    }

    fn step(&mut self, place: usize) {
        let record = self.tables.records[place];
        let entry = self.frames.last().and_then(|frame| frame.entry);
        let end = record.end as usize;
        match record.kind {
            RecordKind::Task => {
                let front = self.node_after(NodeKind::Task, place, self.scope(), entry);
                self.follow(Some(front));
            }
            RecordKind::Block(mode) => self.open_block(place, mode, end, entry),
            RecordKind::Process(mode) => {
                let scope = narrow(self.scopes.len());
                let parent = if self.scopes.is_empty() { NO_SCOPE } else { self.scope() };
                let started = self.node_after(NodeKind::Started, place, scope, entry);
                let number = narrow(self.nodes.len() - 1);
                self.scopes.push(ScopeRecord {
                    parent,
                    definition: record.definition,
                    started: number,
                    terminal: 0,
                });
                self.frames.push(Frame {
                    end,
                    mode,
                    entry: Some(started),
                    front: None,
                    scope,
                    is_process: true,
                });
            }
        }
    }

    fn open_block(&mut self, place: usize, mode: ExecutionMode, end: usize, entry: Option<Front>) {
        let mut frame = Frame { end, mode, entry, front: None, scope: self.scope(), is_process: false };
        let branches = place + 1 < end && (self.tables.records[place + 1].end as usize) < end;
        if mode == ExecutionMode::Concurrent && branches && entry.is_some_and(|entry| entry.length > 1) {
            // Several steps after several others: with a join m + n edges, without it m * n.
            let join = self.node_after(NodeKind::Join, place, self.scope(), entry);
            frame.entry = Some(join);
            frame.front = Some(join);
        }
        self.frames.push(frame);
    }

    /// Closes the blocks that end before this place.
    fn close_until(&mut self, place: usize) {
        while let Some(frame) = self.frames.pop_if(|frame| frame.end <= place) {
            if !frame.is_process {
                self.follow(frame.front);
                continue;
            }
            let scope = frame.scope;
            let inner = frame.front.or(frame.entry);
            let from = self.nodes[self.scopes[scope as usize].started as usize].place as usize;
            let terminal = self.node_after(NodeKind::Terminal, from, scope, inner);
            self.scopes[scope as usize].terminal = narrow(self.nodes.len() - 1);
            self.follow(Some(terminal));
        }
    }

    /// Tells the enclosing block of the front of a step in it.
    fn follow(&mut self, front: Option<Front>) {
        let Some(front) = front else { return };
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        match frame.mode {
            ExecutionMode::Sequential => {
                frame.entry = Some(front);
                frame.front = Some(front);
            }
            ExecutionMode::Concurrent => {
                // The join stood for "nothing yet"; real steps take its place.
                let before =
                    frame.front.filter(|before| frame.entry.is_none_or(|entry| entry.first != before.first));
                frame.front = Some(match before {
                    None => front,
                    Some(before) => {
                        self.links[before.last].1 = front.first;
                        Front { first: before.first, last: front.last, length: before.length + front.length }
                    }
                });
            }
        }
    }

    /// The scope that steps belong to here.
    fn scope(&self) -> u32 {
        self.frames.last().map_or(0, |frame| frame.scope)
    }

    /// Adds a node that waits for a front, and is one.
    fn node_after(&mut self, kind: NodeKind, place: usize, scope: u32, entry: Option<Front>) -> Front {
        let number = narrow(self.nodes.len());
        let waits_for = entry.map_or(0, |entry| narrow(entry.length));
        let place = narrow(place);
        self.nodes.push(NodeRecord { kind, scope, place, waits_for, first_dependent: 0 });
        if let Some(entry) = entry {
            let mut at = entry.first;
            for _ in 0..entry.length {
                self.edges.push((self.links[at].0, number));
                at = self.links[at].1;
            }
        }
        let link = self.links.len();
        self.links.push((number, link));
        Front { first: link, last: link, length: 1 }
    }
}

/// Sorts the edges by where they come from.
fn connect(mut nodes: Vec<NodeRecord>, edges: &[(u32, u32)]) -> (Vec<NodeRecord>, Vec<u32>) {
    let mut next = vec![0_u32; nodes.len() + 1];
    for (from, _) in edges {
        next[*from as usize + 1] += 1;
    }
    for number in 0..nodes.len() {
        next[number + 1] += next[number];
        nodes[number].first_dependent = next[number];
    }
    let mut dependents = vec![0_u32; edges.len()];
    for (from, to) in edges {
        let slot = &mut next[*from as usize];
        dependents[*slot as usize] = *to;
        *slot += 1;
    }
    nodes.shrink_to_fit();
    (nodes, dependents)
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
