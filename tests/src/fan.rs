//! Fans, as stores see them: `0`, then `1 ..= WIDTH` side by side, which meet in `WIDTH + 1`.

use std::time::Duration;

use tasktronaut::backend::store::{End, Fence, How, Meeting, NewProcess, Release, Then};

/// How many jobs a fan has side by side.
pub const WIDTH: u32 = 20;

/// The route of all its jobs.
pub const ROUTE: u64 = 5;

const LAST: u32 = WIDTH + 1;

/// A fan.
pub fn process(identifier: &str) -> NewProcess {
    let last = Release { node: LAST, route: ROUTE, concludes: true };
    NewProcess {
        identifier: identifier.to_owned(),
        definition: "tests::Fan".to_owned(),
        plan: identifier.as_bytes().to_vec(),
        priority: 0,
        first: Release { node: 0, route: ROUTE, concludes: false },
        start_after: Duration::ZERO,
        deadline: None,
        meetings: vec![Meeting {
            node: LAST,
            waits_for: WIDTH,
            then: Then { releases: vec![last], meetings: vec![] },
        }],
    }
}

/// The success of one of its jobs.
pub fn success(fence: Fence) -> End {
    let then = match fence.node {
        0 => Then {
            releases: (1..LAST).map(|node| Release { node, route: ROUTE, concludes: false }).collect(),
            meetings: vec![],
        },
        LAST => Then::default(),
        _ => Then { releases: vec![], meetings: vec![LAST] },
    };
    End { fence, how: How::Succeeded, error: None, then, last: fence.node == LAST }
}

/// The success of a job that lets the next number go, without end.
pub fn step(fence: Fence, route: u64) -> End {
    let next = Release { node: fence.node + 1, route, concludes: false };
    End {
        fence,
        how: How::Succeeded,
        error: None,
        then: Then { releases: vec![next], meetings: vec![] },
        last: false,
    }
}
