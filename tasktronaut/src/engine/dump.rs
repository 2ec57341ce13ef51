//! The whole stored state of a process as JSON.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::backend::{Backend, BackendError, JobStatus, ProcessState, ProcessStatus};
use crate::plan::{NodeKind, Plan};
use crate::words::error::full_text;

/// The form is described at [`Client::dump`](crate::Client::dump).
pub(super) async fn dump<B: Backend>(backend: &B, identifier: &str) -> Result<Value, BackendError> {
    let plan = backend.plan(identifier).await?;
    let status = backend.status(identifier).await?;
    let scopes: Vec<Value> = plan
        .scopes()
        .map(|scope| {
            json!({
                "scope": scope.number(),
                "parent": scope.parent(),
                "definition": scope.definition().name(),
            })
        })
        .collect();
    Ok(json!({
        "identifier": status.identifier,
        "definition": &*status.definition,
        "state": ProcessState::of(status.outcome.as_ref()).as_str(),
        "ended": status.ended,
        "paused": status.paused,
        "priority": status.priority,
        "outcome": status.outcome.as_ref().map(ToString::to_string),
        "created_at": milliseconds(status.created_at),
        "ended_at": milliseconds(status.ended_at),
        "scopes": scopes,
        "jobs": jobs(&plan, &status),
    }))
}

fn jobs(plan: &Plan, status: &ProcessStatus) -> Vec<Value> {
    let by_number: HashMap<usize, &JobStatus> = status.jobs.iter().map(|job| (job.number, job)).collect();
    let mut deps: Vec<Vec<usize>> = vec![Vec::new(); plan.nodes().len()];
    for node in plan.nodes() {
        for dependent in node.dependents() {
            deps[*dependent as usize].push(node.number());
        }
    }
    plan.nodes()
        .zip(deps)
        .map(|(node, deps)| {
            let mut job = json!({
                "job": node.number(),
                "kind": match node.kind() {
                    NodeKind::Task => "task",
                    NodeKind::Started | NodeKind::Terminal => "hook",
                    NodeKind::Join => "join",
                },
                "definition": node.definition().name(),
                "scope": node.scope(),
                "deps": deps,
            });
            if node.kind() == NodeKind::Task {
                job["arguments"] =
                    serde_json::to_value(node.arguments().to_arguments()).unwrap_or(Value::Null);
            }
            if let Some(status) = by_number.get(&node.number()) {
                job["name"] = json!(&*status.name);
                job["queue"] = json!(node.queue());
                job["description"] = json!(status.description.as_deref());
                job["state"] = json!(status.state.as_str());
                job["attempt"] = json!(status.attempt);
                job["failed"] = json!(status.failed);
                job["lost"] = json!(status.lost);
                job["error"] = json!(status.error.as_ref().map(|error| full_text(error.error())));
                job["error_kind"] = json!(status.error.as_ref().map(|error| error.kind().as_str()));
                job["started_at"] = json!(milliseconds(status.started_at));
                job["ended_at"] = json!(milliseconds(status.ended_at));
            }
            job
        })
        .collect()
}

fn milliseconds(time: Option<SystemTime>) -> Option<u64> {
    let since = time?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}
