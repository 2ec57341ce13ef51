//! What is left in the store when all is over.

use serde_json::{Value, json};
use tasktronaut::backend::store::{ListFilter, Phase, Store};
use tasktronaut::backend::{Durable, ProcessFilter};
use tasktronaut::{Client, JobState};

use crate::arguments::Arguments;
use crate::history;

/// So many processes are asked for at a time.
const PAGE: usize = 500;

pub async fn run<S: Store>(backend: &Durable<S>, _: &Arguments) {
    let client = Client::new(backend);
    let mut filter = ProcessFilter::new().limit(PAGE);
    loop {
        let page = client.list(&filter).await.expect("the store lists its processes");
        for process in page.processes {
            let whole = client.dump(&process.identifier).await.expect("the store shows its processes");
            write(&whole);
        }
        let Some(next) = page.next else { break };
        filter = filter.after(next);
    }
    residue(backend.store()).await;
}

fn write(whole: &Value) {
    let (process, jobs) = (&whole["identifier"], whole["jobs"].as_array().map_or(&[][..], |jobs| jobs));
    let content = jobs.iter().find_map(|job| job["arguments"]["content"].as_str());
    let state = whole["state"].as_str().unwrap_or_default();
    let outcome = (state != "active").then_some(state);
    let is_late = state == "failed"
        && whole["outcome"]
            .as_str()
            .is_some_and(|text| text.contains("the process took longer than its timeout"));
    let mut line =
        json!({ "process": process, "outcome": outcome, "content": content, "note": whole["outcome"] });
    if is_late {
        line["reason"] = json!("deadline");
    }
    history::write("final.process", line);
    let mut done = vec![false; jobs.len()];
    // What a job depends on has a smaller number.
    for (number, job) in jobs.iter().enumerate() {
        let state = match job["state"].as_str() {
            Some(state) => state,
            // The store keeps no state of a join: it is done when all before it is.
            None => {
                let deps = job["deps"].as_array().map_or(&[][..], |deps| deps);
                let is_done = deps.iter().all(|dep| {
                    dep.as_u64().and_then(|dep| usize::try_from(dep).ok()).is_some_and(|dep| done[dep])
                });
                if is_done { "succeeded" } else { "skipped" }
            }
        };
        let is_hook = job["kind"] == "hook";
        done[number] = state == "succeeded" || (is_hook && state == "failed");
        let mut line = json!({ "process": process, "job": number, "state": state,
            "attempt": job["attempt"].as_u64().unwrap_or(0), "note": job["error"] });
        if state == "failed" {
            line["reason"] = json!(match job["error_kind"].as_str() {
                Some("non_retryable") => "fatal",
                Some("poison") => "poison",
                Some("bad_payload") => "bad_payload",
                _ => "error",
            });
        }
        history::write("final.job", line);
    }
}

/// Leases, and rows that wait although their process has ended.
async fn residue<S: Store>(store: &S) {
    let mut filter = ListFilter { limit: PAGE, ..ListFilter::default() };
    let (mut leases, mut queued) = (0, 0);
    loop {
        let page = store.list(&filter).await.expect("the store lists its processes");
        let Some(last) = page.last() else { break };
        filter.after = last.key;
        for process in page {
            for job in store.jobs(process.key).await.expect("the store shows its jobs") {
                let waits = matches!(job.state, JobState::Ready | JobState::Waiting | JobState::Blocked);
                leases += u64::from(job.state == JobState::Running);
                queued += u64::from(waits && process.phase == Phase::Ended);
            }
        }
    }
    history::write("final.residue", json!({ "what": "leases", "count": leases }));
    history::write("final.residue", json!({ "what": "queued rows of ended processes", "count": queued }));
}
