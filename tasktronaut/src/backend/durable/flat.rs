//! From a plan to the plain data that a store keeps: routes, meetings, and what follows a node.

use std::time::Duration;

use crate::backend::record::{JobEnd, Membership};
use crate::backend::store::{End, Fence, How, Key, Meeting, NewProcess, Release, RouteId, Then};
use crate::definition::schedule::Start;
use crate::plan::rules::Verdict;
use crate::plan::{NodeKind, Plan};

use super::detail::error_to_bytes;

/// What stands for a hook in a route; no task can have this name.
const HOOK: &str = "\u{1}hook";

/// The number of a kind of work: the same in every program and for all time (FNV-1a, 63 bits of it).
pub(super) fn route(queue: &str, definition: &str, task: Option<&str>) -> RouteId {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in [queue, definition, task.unwrap_or(HOOK)] {
        // The zero at its end keeps a part from running into the next one.
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash >> 1
}

/// The route of a node.
pub(super) fn route_of(plan: &Plan, node: u32) -> RouteId {
    let definition = plan.definition_of(plan.nodes[node as usize].scope);
    route(plan.queue_of(node), definition.name(), plan.task_name(node))
}

/// The routes that a worker can work on, those of paused queues left out (`R17`).
pub(super) fn routes_of(membership: &Membership, paused: &[String]) -> Vec<RouteId> {
    let mut routes = Vec::new();
    for queue in membership.queues.iter().filter(|queue| !paused.contains(queue)) {
        for definition in membership.registry.definitions() {
            if !membership.serves(definition.name(), queue) {
                continue;
            }
            routes.push(route(queue, definition.name(), None));
            let tasks = definition.tasks();
            routes.extend(tasks.map(|task| route(queue, definition.name(), Some(task.name()))));
        }
    }
    routes
}

/// A process to be added.
pub(super) fn new_process(plan: &Plan, bytes: Vec<u8>) -> NewProcess {
    let start_after = plan.start.map(Start::pause).unwrap_or_default();
    let meetings = plan.nodes.iter().enumerate().filter(|(_, node)| node.waits_for > 1);
    NewProcess {
        identifier: plan.identifier().to_owned(),
        definition: plan.definition_of(0).name().to_owned(),
        plan: bytes,
        priority: plan.priority(),
        first: release(plan, plan.scopes[0].started),
        start_after,
        deadline: plan.policy.timeout.map(|timeout| timeout.saturating_add(start_after)),
        meetings: meetings
            .map(|(node, record)| {
                let node = u32::try_from(node).unwrap_or(u32::MAX);
                let then = match record.kind {
                    NodeKind::Join => then(plan, node),
                    _ => Then { releases: vec![release(plan, node)], meetings: Vec::new() },
                };
                Meeting { node, waits_for: record.waits_for, then }
            })
            .collect(),
    }
}

fn release(plan: &Plan, node: u32) -> Release {
    Release { node, route: route_of(plan, node), concludes: node == plan.scopes[0].terminal }
}

/// What follows a node.
fn then(plan: &Plan, node: u32) -> Then {
    let mut then = Then::default();
    for dependent in plan.dependents_of(node) {
        if plan.nodes[*dependent as usize].waits_for > 1 {
            then.meetings.push(*dependent);
        } else {
            then.releases.push(release(plan, *dependent));
        }
    }
    then
}

/// A pause that is never too short (`R10`): the clocks of stores count whole milliseconds, and may have begun one.
pub(super) fn at_least(pause: Duration) -> Duration {
    pause.saturating_add(Duration::from_millis(1))
}

/// The end of an attempt for a store, if the store can record it by itself.
pub(super) fn end(plan: &Plan, key: Key, end: &JobEnd) -> Option<End> {
    let fence = Fence { key, node: end.node, attempt: end.attempt, nonce: end.nonce };
    let verdict = end.failure.as_ref().map(|failure| &failure.verdict);
    let how = match verdict {
        None => How::Succeeded,
        Some(Verdict::GiveUp) => How::GivenUp,
        Some(Verdict::Retry { after }) => How::Retry(at_least(*after)),
        Some(Verdict::PutBack { after }) => How::PutBack(at_least(*after)),
        Some(Verdict::Fail | Verdict::Cancel | Verdict::NotBegun) => return None,
    };
    let ends = matches!(how, How::Succeeded | How::GivenUp);
    Some(End {
        fence,
        how,
        error: end.failure.as_ref().map(|failure| error_to_bytes(&failure.error)),
        then: if ends { then(plan, end.node) } else { Then::default() },
        last: ends && end.node == plan.scopes[0].terminal,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{Arguments, BuildError, Builder, Policy, ProcessBuilder, ProcessDefinition, Task};

    /// A definition whose processes may take five minutes.
    pub(in super::super) struct Timed;

    impl ProcessDefinition for Timed {
        type Arguments = Arguments;

        fn name(&self) -> &'static str {
            "timed"
        }

        fn policy(&self) -> Policy {
            Policy::new().timeout(Duration::from_mins(5))
        }

        fn tasks(&self) -> &'static [Task<Self>] {
            &[]
        }

        fn instance() -> Option<Self> {
            Some(Self)
        }

        fn define_process(&self, _: &mut Builder<Self>) -> Result<(), BuildError> {
            Ok(())
        }
    }

    #[test]
    fn r15_the_time_of_a_process_begins_with_its_start() {
        let build = |start: Duration| {
            let builder = ProcessBuilder::<Timed>::new(Arguments::new()).start_after(start);
            new_process(&builder.build().unwrap().plan(), Vec::new())
        };
        assert_eq!(build(Duration::ZERO).deadline, Some(Duration::from_mins(5)));
        assert_eq!(build(Duration::from_mins(2)).deadline, Some(Duration::from_mins(7)));
        assert_eq!(build(Duration::MAX).deadline, Some(Duration::MAX));
    }

    #[test]
    fn routes_are_the_same_for_all_time() {
        // Numbers in stores depend on this.
        assert_eq!(route("default", "album", Some("resize")), 1_268_846_969_658_855_044);
        assert_ne!(route("default", "album", Some("resize")), route("default", "albumresize", Some("")));
        assert_ne!(route("default", "album", None), route("default", "album", Some("hook")));
        assert!(route("q", "d", None) < 1 << 63);
    }
}
