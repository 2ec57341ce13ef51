//! Somebody looks after it: pauses, resumes, cancels, retries, deletes.

use crate::backend::{BackendError, ProcessFilter, ProcessState};
use crate::engine::Client;
use crate::plan::JobState;
use crate::testing::stage::lab::{Lab, asynchronous, par, plain, seq};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Opener, Place, until, within};
use crate::words::error::TaskError;

pub(super) async fn a_bad_deploy_is_stopped_repaired_and_all_failed_ones_go_on<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let repaired = world.clone();
    world.plain("b", move |_| match repaired.count("repaired") {
        0 => Err(TaskError::new("the bad deploy")),
        _ => Ok(()),
    });
    let lab = Lab::new(&world, seq([plain("a"), plain("b"), asynchronous("c")]));
    let worker = place.worker(&lab).start()?;
    for number in 0..6 {
        let process = lab.clone().builder().identifier(format!("p-{number}")).build()?;
        process.enqueue(&place.backend).await?;
    }
    let operator = Client::new(&place.other().await?);
    let failed = ProcessFilter::new().state(ProcessState::Failed);
    let all = async || {
        let page = operator.list(&failed).await?;
        let ended = page.processes.iter().filter(|process| process.ended).count();
        Ok((ended == 6).then_some(page.processes))
    };
    let all = until("all have failed", all).await?;
    world.note("repaired");
    for process in all {
        operator.handle(&process.identifier).retry_failed().await?;
    }
    for number in 0..6 {
        within(operator.handle(&format!("p-{number}")).wait()).await?;
    }
    assert_eq!((world.count("end a"), world.count("end b"), world.count("end c")), (6, 6, 6));
    assert!(operator.list(&failed).await?.processes.is_empty());
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn a_process_is_paused_looked_at_resumed_and_deleted<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let lab = Lab::new(&world, seq([par([plain("a"), plain("b")]), plain("c")]));
    let handle = lab.clone().builder().identifier("album-17").build()?.enqueue(&place.backend).await?;
    let operator = Client::new(&place.other().await?);
    let seen = operator.handle("album-17");
    seen.pause().await?;
    let worker = place.worker(&lab).start()?;
    let dump = operator.dump("album-17").await?;
    assert_eq!((&dump["paused"], &dump["state"]), (&true.into(), &"active".into()));
    let refused = seen.delete().await.unwrap_err();
    assert!(matches!(refused, BackendError::WrongState { .. }), "{refused:?}");
    seen.resume().await?;
    within(handle.wait()).await?;
    assert_eq!(seen.status().await?.count(JobState::Succeeded), 3);
    seen.delete().await?;
    assert!(operator.list(&ProcessFilter::new()).await?.processes.is_empty());
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn a_backlog_is_cancelled_before_anything_of_it_runs<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let lab = Lab::new(&world, seq([plain("a"), plain("b")]));
    let operator = Client::new(&place.other().await?);
    operator.pause_queue("default").await?;
    let processes: Vec<_> = (0..20).map(|_| lab.clone().build()).collect();
    let handles: Vec<_> =
        Client::new(&place.backend).enqueue_all(&processes).await.into_iter().collect::<Result<_, _>>()?;
    for handle in &handles {
        operator.handle(handle.identifier()).cancel("a mistake").await?;
    }
    operator.resume_queue("default").await?;
    let worker = place.worker(&lab).start()?;
    for handle in &handles {
        assert!(within(handle.wait()).await.is_err());
    }
    assert_eq!((world.all("begin").len(), world.count("on_cancelled main")), (0, 20));
    within(worker.shutdown()).await;
    Ok(())
}
