//! Adding processes: whole or not at all, and once for each identifier.

use super::lab::{Lab, fences};
use super::shapes::{ROUTE, chain, diamond, fan, meeting, process};
use super::{CaseResult, Opener};
use crate::backend::store::{Changes, Phase, Reviser, Snapshot, Store, Stored, Then};
use crate::plan::JobState;

pub(super) async fn r1_a_new_process_is_found_as_it_was_given<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&diamond("album").with(|new| new.priority = -3)).await?;
    let row = lab.process("album").await?;
    assert_eq!(
        (row.key, row.identifier.as_str(), row.definition.as_str()),
        (key, "album", "contract::Shape")
    );
    assert_eq!((row.phase, row.outcome, row.paused, row.priority), (Phase::Flowing, None, false, -3));
    assert_eq!((row.memo.as_slice(), row.ended_at), (&[] as &[u8], None));
    assert!(row.created_at > 1_500_000_000_000, "milliseconds since 1970: {}", row.created_at);
    Ok(())
}

pub(super) async fn r1_the_first_job_gets_its_row_and_the_others_do_not<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let key = lab.add(&fan("album", 5)).await?;
    let jobs = lab.store.jobs(key).await?;
    assert_eq!(jobs.len(), 1);
    let job = &jobs[0];
    assert_eq!((job.fence.key, job.fence.node, job.fence.attempt), (key, 0, 0));
    assert_eq!((job.route, job.state, job.worker), (ROUTE, JobState::Ready, None));
    assert_eq!((job.failed, job.lost, job.undecoded), (0, 0, 0));
    assert_eq!((&job.event, &job.error, job.claimed_at, job.ended_at), (&None, &None, None, None));
    Ok(())
}

/// Whoever sees a process sees its first job and its meetings: there is no moment in between, in which one could die
/// and leave a part of it.
pub(super) async fn r1_no_process_is_seen_without_what_belongs_to_it<O: Opener>(lab: Lab<O>) -> CaseResult {
    const PROCESSES: usize = 100;
    const MEETINGS: u32 = 100;
    let mut watchers = Vec::new();
    for number in 0..4 {
        let other = lab.other().await?;
        watchers.push(tokio::spawn(async move {
            for process in 0..PROCESSES {
                let key = loop {
                    if let Some(row) = other.find(&process.to_string()).await? {
                        break row.key;
                    }
                };
                // Who reads waits for nobody, and sees no meetings; who revises sees all.
                if number % 2 == 0 {
                    assert_eq!(other.jobs(key).await?.len(), 1, "{process}");
                    continue;
                }
                let parts = |snapshot: &Snapshot| (snapshot.jobs.len(), snapshot.meetings.len());
                let look = Reviser::new(move |snapshot| Ok((Changes::default(), parts(snapshot))));
                assert_eq!(other.revise(key, look).await?, Some((1, MEETINGS as usize)), "{process}");
            }
            Ok::<_, crate::BackendError>(())
        }));
    }
    for number in 0..PROCESSES {
        let meetings = (1..=MEETINGS).map(|node| meeting(node, 2, Then::default())).collect();
        lab.add_all(vec![process(&number.to_string(), meetings)]).await?;
    }
    for watcher in watchers {
        watcher.await??;
    }
    Ok(())
}

pub(super) async fn r1_several_are_answered_in_their_order<O: Opener>(lab: Lab<O>) -> CaseResult {
    let names = ["c", "a", "b"];
    let keys = lab.add_all(names.iter().map(|name| process(name, vec![])).collect()).await?;
    for (name, key) in names.iter().zip(keys) {
        assert_eq!(lab.process(name).await?.key, key);
    }
    Ok(())
}

pub(super) async fn r1_no_processes_are_no_mistake<O: Opener>(lab: Lab<O>) -> CaseResult {
    assert!(lab.store.enqueue(vec![].into()).await?.is_empty());
    Ok(())
}

pub(super) async fn r2_a_known_identifier_changes_nothing<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&chain("album", 2)).await?;
    let other = diamond("album").with(|new| new.plan = b"other".to_vec());
    assert_eq!(lab.store.enqueue(vec![other.new].into()).await?, [Stored::Known(key)]);
    let plans = lab.store.plans(&[key]).await?;
    assert_eq!(plans[0].as_ref().map(|row| row.plan.as_slice()), Some(b"the plan of album".as_slice()));
    assert!(lab.snapshot(key).await?.meetings.is_empty());
    assert_eq!(lab.store.jobs(key).await?.len(), 1);
    Ok(())
}

pub(super) async fn r2_a_known_one_does_not_keep_its_neighbours_out<O: Opener>(lab: Lab<O>) -> CaseResult {
    let known = lab.add(&chain("b", 2)).await?;
    let stored = lab.store.enqueue(["a", "b", "c"].map(|name| process(name, vec![])).to_vec().into()).await?;
    assert!(
        matches!(stored[..], [Stored::Created(_), Stored::Known(key), Stored::Created(_)] if key == known)
    );
    Ok(())
}

pub(super) async fn r2_an_identifier_twice_in_one_call_is_one_process<O: Opener>(lab: Lab<O>) -> CaseResult {
    let stored = lab.store.enqueue(vec![process("a", vec![]), process("a", vec![])].into()).await?;
    let [Stored::Created(first), Stored::Known(second)] = stored[..] else {
        return Err(format!("{stored:?}").into());
    };
    assert_eq!(first, second);
    let worker = lab.worker().await?;
    assert_eq!(lab.claim(worker, 10).await?.len(), 1);
    Ok(())
}

pub(super) async fn r2_of_many_at_the_same_time_one_creates<O: Opener>(lab: Lab<O>) -> CaseResult {
    let other = lab.other().await?;
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = if number % 2 == 0 { lab.store.clone() } else { other.clone() };
            tokio::spawn(async move { store.enqueue(vec![fan("same", 3).new].into()).await })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        created += usize::from(matches!(task.await??[..], [Stored::Created(_)]));
    }
    assert_eq!(created, 1);
    Ok(())
}

pub(super) async fn r2_a_known_process_may_have_ended<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2);
    let key = lab.add(&shape).await?;
    let worker = lab.worker().await?;
    lab.work(worker, &shape).await?;
    assert_eq!(lab.store.enqueue(vec![shape.new].into()).await?, [Stored::Known(key)]);
    assert!(lab.claim(worker, 10).await?.is_empty());
    Ok(())
}

pub(super) async fn a_key_is_never_used_again<O: Opener>(lab: Lab<O>) -> CaseResult {
    let shape = chain("album", 2);
    let first = lab.add(&shape).await?;
    assert!(lab.store.delete(first, false).await?);
    let second = lab.add(&shape).await?;
    assert!(second > first, "{second} after {first}");
    Ok(())
}

pub(super) async fn keys_grow<O: Opener>(lab: Lab<O>) -> CaseResult {
    let mut keys = lab.add_many(20).await?;
    keys.push(lab.add(&chain("later", 2)).await?);
    assert!(keys.is_sorted());
    keys.dedup();
    assert_eq!(keys.len(), 21);
    Ok(())
}

pub(super) async fn r19_what_is_enqueued_is_seen_by_another_program<O: Opener>(lab: Lab<O>) -> CaseResult {
    let other = lab.other().await?;
    let key = lab.add(&chain("album", 2)).await?;
    assert_eq!(other.find("album").await?.map(|row| row.key), Some(key));
    let worker = lab.worker().await?;
    let claims = other.exchange(worker, vec![], 1).await?.claims;
    assert_eq!(fences(&claims)[0].key, key);
    Ok(())
}

pub(super) async fn r5_meetings_get_their_rows<O: Opener>(lab: Lab<O>) -> CaseResult {
    let key = lab.add(&fan("album", 9)).await?;
    assert_eq!(lab.snapshot(key).await?.meetings, [(10, 9)]);
    Ok(())
}
