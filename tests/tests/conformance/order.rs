//! The order of things: what the plan promises, against what is intended.

use std::collections::HashMap;

use tasktronaut::Process;
use tasktronaut::plan::{NodeKind, Plan};

use crate::data::Case;

/// Compares the plan: its processes, and its order in both directions.
pub fn compare_plan(case: &Case, process: &Process, differences: &mut Vec<String>) {
    let plan = process.plan();
    compare_scopes(case, &plan, differences);
    let names = names(process, &plan);
    let edges =
        plan.nodes().flat_map(|node| node.dependents().iter().map(move |to| (node.number(), *to as usize)));
    let before = closure(plan.nodes().len(), edges);

    for (first, second) in &case.intended.order {
        match (names.get(first), names.get(second)) {
            (Some(from), Some(to)) if before[*from][*to] => {}
            (Some(_), Some(_)) => differences.push(format!("{second} should wait for {first}, and does not")),
            _ => differences.push(format!("the plan has no {first} or no {second}")),
        }
    }

    let leaves = case.intended.leaves.len();
    let wanted = closure(leaves, case.intended.task_order.iter().copied());
    for (first, second) in (0..leaves).flat_map(|first| (0..leaves).map(move |second| (first, second))) {
        if let (Some(from), Some(to)) = (names.get(&format!("T{first}")), names.get(&format!("T{second}")))
            && before[*from][*to]
            && !wanted[first][second]
        {
            differences.push(format!("T{second} waits for T{first}, though they may run at the same time"));
        }
    }
}

fn compare_scopes(case: &Case, plan: &Plan, differences: &mut Vec<String>) {
    let found: Vec<_> =
        plan.scopes().map(|scope| (scope.number(), scope.definition().name(), scope.parent())).collect();
    let wanted: Vec<_> =
        case.intended.processes.iter().map(|data| (data.id, data.definition.as_str(), data.parent)).collect();
    if found != wanted {
        differences.push(format!("the processes are {found:?} and should be {wanted:?}"));
    }
    if plan.task_count() != case.intended.leaves.len() {
        let (found, wanted) = (plan.task_count(), case.intended.leaves.len());
        differences.push(format!("the plan has {found} tasks and should have {wanted}"));
    }
    let tasks = plan.nodes().filter(|node| node.kind() == NodeKind::Task);
    for (node, leaf) in tasks.zip(&case.intended.leaves) {
        if node.scope() != leaf.process {
            differences.push(format!(
                "T{} belongs to process {}, not {}",
                leaf.number,
                node.scope(),
                leaf.process
            ));
        }
    }
    for node in plan.nodes() {
        let number = u32::try_from(node.number()).unwrap();
        let waits_for = plan.nodes().filter(|other| other.dependents().contains(&number)).count();
        if node.waits_for() != waits_for {
            differences.push(format!(
                "node {number} counts {} nodes it waits for, there are {waits_for}",
                node.waits_for()
            ));
        }
    }
}

/// The numbers of the nodes by the names they have in the case files: `T3`, `S0`, `C0`.
fn names(process: &Process, plan: &Plan) -> HashMap<String, usize> {
    let leaf_at: HashMap<usize, usize> =
        process.tasks().enumerate().map(|(leaf, step)| (step.place(), leaf)).collect();
    let tasks = plan.nodes().filter(|node| node.kind() == NodeKind::Task);
    let mut names: HashMap<String, usize> =
        tasks.map(|node| (format!("T{}", leaf_at[&node.place()]), node.number())).collect();
    for scope in plan.scopes() {
        names.insert(format!("S{}", scope.number()), scope.started());
        names.insert(format!("C{}", scope.number()), scope.terminal());
    }
    names
}

/// `result[a][b]`: whether a path leads from `a` to `b`.
fn closure(nodes: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<bool>> {
    let mut next = vec![Vec::new(); nodes];
    for (from, to) in edges {
        next[from].push(to);
    }
    let reached = |start: usize| {
        let mut reached = vec![false; nodes];
        let mut open = next[start].clone();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut reached[node], true) {
                open.extend(&next[node]);
            }
        }
        reached
    };
    (0..nodes).map(reached).collect()
}
