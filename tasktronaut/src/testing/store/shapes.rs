//! Small processes whose graph is known: a store sees only their first job, their meetings, and the ends.

use std::time::Duration;

use crate::backend::store::{End, Fence, How, Meeting, NewProcess, Release, Then};

/// The route of every job, unless a case says otherwise.
pub(super) const ROUTE: u64 = 7;

/// A process, and what follows each of its nodes.
#[derive(Clone)]
pub(super) struct Shape {
    pub new: NewProcess,
    then: Vec<Then>,
}

/// `0 -> 1 -> .. -> length - 1`; the last node ends the process.
pub(super) fn chain(identifier: &str, length: u32) -> Shape {
    let then = |node| Then {
        releases: (node + 1 < length).then(|| release(node + 1, node + 2 == length)).into_iter().collect(),
        meetings: Vec::new(),
    };
    Shape { new: process(identifier, Vec::new()), then: (0..length).map(then).collect() }
}

/// `0`, then `1 ..= width` side by side, which meet in the last node, `width + 1`.
pub(super) fn fan(identifier: &str, width: u32) -> Shape {
    let last = width + 1;
    let mut then =
        vec![Then { releases: (1..last).map(|node| release(node, false)).collect(), meetings: vec![] }];
    then.extend((1..last).map(|_| Then { releases: vec![], meetings: vec![last] }));
    then.push(Then::default());
    let meeting = Meeting {
        node: last,
        waits_for: width,
        then: Then { releases: vec![release(last, true)], meetings: vec![] },
    };
    Shape { new: process(identifier, vec![meeting]), then }
}

/// A fan of two.
pub(super) fn diamond(identifier: &str) -> Shape {
    fan(identifier, 2)
}

/// A process of one node at first, with these meetings.
pub(super) fn process(identifier: &str, meetings: Vec<Meeting>) -> NewProcess {
    NewProcess {
        identifier: identifier.to_owned(),
        definition: "contract::Shape".to_owned(),
        plan: format!("the plan of {identifier}").into_bytes(),
        priority: 0,
        first: release(0, false),
        start_after: Duration::ZERO,
        deadline: None,
        meetings,
    }
}

pub(super) fn release(node: u32, concludes: bool) -> Release {
    Release { node, route: ROUTE, concludes }
}

/// A job that is released by a meeting.
pub(super) fn meeting(node: u32, waits_for: u32, then: Then) -> Meeting {
    Meeting { node, waits_for, then }
}

impl Shape {
    /// The same with one field of the process set.
    pub fn with(mut self, change: impl FnOnce(&mut NewProcess)) -> Self {
        change(&mut self.new);
        self
    }

    /// The success of a claim.
    pub fn success(&self, fence: Fence) -> End {
        End {
            fence,
            how: How::Succeeded,
            error: None,
            then: self.then.get(fence.node as usize).cloned().unwrap_or_default(),
            last: fence.node as usize + 1 == self.then.len(),
        }
    }
}

/// A success that nothing follows.
pub(super) fn success(fence: Fence) -> End {
    End { fence, how: How::Succeeded, error: None, then: Then::default(), last: false }
}

/// A failure, with another attempt after a pause.
pub(super) fn retry(fence: Fence, pause: Duration) -> End {
    End { how: How::Retry(pause), error: Some(b"it failed".to_vec()), ..success(fence) }
}

/// Fences of the same job that do not hold when this one does.
pub(super) fn wrong(fence: Fence) -> [Fence; 4] {
    [
        Fence { nonce: fence.nonce ^ 1, ..fence },
        Fence { nonce: 0, ..fence },
        Fence { attempt: fence.attempt + 1, ..fence },
        Fence { attempt: 0, ..fence },
    ]
}
