//! From a plan to jobs of a queue.

use super::{JobQueue, PerformComplete, PerformStart, PerformTask};
use crate::definition::process::Process;
use crate::plan::{NodeKind, Plan};

impl Process {
    /// Puts the process on a job queue that has dependencies of its own; nothing of it runs before `start_job`.
    ///
    /// The answer is the job of the completion: the process has completed when that job has run. The jobs are
    /// enqueued one by one, so an error leaves those before it in the queue.
    pub fn enqueue_on<Q: JobQueue>(&self, queue: &Q, start_job: Option<Q::Job>) -> Result<Q::Job, Q::Error> {
        let plan = self.plan();
        let mut jobs: Vec<Vec<Q::Job>> = Vec::with_capacity(plan.nodes.len());
        let mut depends_on: Vec<Vec<Q::Job>> = vec![Vec::new(); plan.nodes.len()];
        depends_on[0].extend(start_job);
        for number in 0..plan.nodes.len() {
            let after = std::mem::take(&mut depends_on[number]);
            let made = match plan.nodes[number].kind {
                // A join is no job: what waits for it waits for all that it waits for.
                NodeKind::Join => after,
                _ => vec![enqueue_node(&plan, number, queue, &after)?],
            };
            for dependent in plan.dependents_of(u32::try_from(number).unwrap_or(u32::MAX)) {
                depends_on[*dependent as usize].extend(made.iter().cloned());
            }
            jobs.push(made);
        }
        match jobs.swap_remove(plan.scopes[0].terminal as usize).pop() {
            Some(last) => Ok(last),
            None => unreachable!("lower.rs makes a terminal node for every process"),
        }
    }
}

fn enqueue_node<Q: JobQueue>(
    plan: &Plan,
    number: usize,
    queue: &Q,
    after: &[Q::Job],
) -> Result<Q::Job, Q::Error> {
    let node = plan.nodes[number];
    let identifier = plan.identifier.to_string();
    let definition = plan.definition_of(node.scope).name().to_owned();
    match node.kind {
        NodeKind::Started => queue.enqueue_perform_start(PerformStart { identifier, definition }, after),
        NodeKind::Terminal | NodeKind::Join => {
            queue.enqueue_perform_complete(PerformComplete { identifier, definition }, after)
        }
        NodeKind::Task => {
            let record = &plan.tables.records[node.place as usize];
            let task = plan.task_of(u32::try_from(number).unwrap_or(u32::MAX));
            let task = PerformTask {
                identifier,
                definition,
                function_name: task.map_or("", |task| task.name).to_owned(),
                description: Some(plan.tables.text(record.description))
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned),
                arguments: plan.tables.arguments.get(record.arguments).to_arguments(),
            };
            queue.enqueue_perform_task(task, after)
        }
    }
}
