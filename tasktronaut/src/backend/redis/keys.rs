//! [`Keys`]: the names of a namespace.
//!
//! | key | type | what |
//! |---|---|---|
//! | `meta` | hash | the version of this layout, the last key that was given to a process |
//! | `ids` | hash | identifier -> key |
//! | `p:KEY`, `plan:KEY` | hash, string | a process, and its plan |
//! | `j:KEY` | hash | node -> record of a job, and `h`: what scripts must know of the process (see `scripts/work.lua`) |
//! | `x:KEY` | hash | `vNODE`, `eNODE`: what a job's hook is told, a job's error |
//! | `m:KEY` | hash | `NODE`: how many a meeting waits for; `tNODE`: what it lets go |
//! | `ready:ROUTE` | sorted set | ready jobs of a route, first things first |
//! | `routes` | set | routes that have ready jobs, or had some lately |
//! | `waiting` | sorted set | waiting jobs, by their time |
//! | `worker:ID`, `knows:ID`, `held:ID` | string, sets | a worker, its routes, its jobs |
//! | `workers`, `soon` | sorted sets | workers by when they were seen, and by when the first of their leases may run out |
//! | `all`, `def:NAME`, `out:N`, `ended:N`, `deadlines` | sorted sets | processes: all, of a definition, of an outcome, ended, by deadline |
//! | `paused` | set | queues that are paused |
//! | `corrupt` | sorted set | jobs that were set aside because their records make no sense |
//!
//! KEY is eight bytes and NODE four, highest first; sorted sets and `ids` have keys as numbers.
//!
//! All of them begin with `{tasktronaut:NAMESPACE}:`. The braces make it one hash tag, so a cluster keeps a namespace
//! on one node. Scripts are given this prefix as their one key and make the others of it: which process a claim
//! touches is known only when the script runs.

use std::sync::Arc;

/// The names of a namespace.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: Arc<str>,
}

impl Keys {
    pub(super) fn new(namespace: &str) -> Self {
        Self { prefix: format!("{{tasktronaut:{namespace}}}:").into() }
    }

    /// What all keys begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A key of which there is one.
    pub(super) fn one(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A key of a process.
    pub(super) fn of(&self, kind: &str, key: u64) -> Vec<u8> {
        [self.prefix.as_bytes(), kind.as_bytes(), b":", &key.to_be_bytes()].concat()
    }

    /// Where wake-ups are published.
    pub(super) fn channel(&self) -> String {
        self.one("wake")
    }
}
