//! R1, R19: clients, from this program and from others.

use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::{BackendError, EnqueueError, Enqueued};
use crate::engine::Client;
use crate::engine::observer::{Attempt, AttemptEnd, Observer};
use crate::plan::Outcome;
use crate::testing::stage::lab::{AT_ONCE, DEADLINE, Lab, asynchronous, par, plain, seq};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Opener, Place, within};
use crate::words::error::TaskError;
use crate::words::policy::Policy;

pub(super) async fn r1_many_are_enqueued_in_one_call_each_for_itself<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let client = Client::new(&place.backend);
    let build =
        |identifier: &str, step: &str| Lab::new(&world, plain(step)).builder().identifier(identifier).build();
    build("album-1", "a")?.enqueue(&place.backend).await?;
    let processes =
        [build("album-0", "b")?, build("album-1", "other")?, build("album-1", "a")?, build("album-2", "c")?];
    let answers = client.enqueue_all(&processes).await;
    let text = |answer: &Result<crate::engine::Handle<O::Backend>, EnqueueError>| match answer {
        Ok(handle) => format!("{} {:?}", handle.identifier(), handle.enqueued()),
        Err(EnqueueError::IdentifierConflict { identifier }) => format!("{identifier} conflict"),
        Err(error) => format!("{error:?}"),
    };
    let wanted = ["album-0 Created", "album-1 conflict", "album-1 Existing", "album-2 Created"];
    assert_eq!(answers.iter().map(text).collect::<Vec<_>>(), wanted);
    let worker = place.worker_in(&world).start()?;
    for answer in answers.into_iter().flatten() {
        within(answer.wait()).await?;
    }
    assert_eq!(world.all("begin").len(), 3);
    assert!(client.enqueue_all(&[]).await.is_empty());
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn r1_the_same_process_twice_in_one_call_is_one<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let process = Lab::new(&world, plain("a")).builder().identifier("album-1").build()?;
    let other = Lab::new(&world, plain("b")).builder().identifier("album-1").build()?;
    let answers = Client::new(&place.backend).enqueue_all(&[process.clone(), process, other]).await;
    let mut answers = answers.into_iter();
    assert_eq!(answers.next().unwrap()?.enqueued(), Enqueued::Created);
    assert_eq!(answers.next().unwrap()?.enqueued(), Enqueued::Existing);
    assert!(matches!(answers.next().unwrap(), Err(EnqueueError::IdentifierConflict { .. })));
    Ok(())
}

pub(super) async fn r2_of_many_who_enqueue_the_same_one_creates<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let (backend, world) = (place.other().await?, world.clone());
        tasks.push(tokio::spawn(async move {
            let process = Lab::new(&world, plain("a")).builder().identifier("album-1").build().unwrap();
            process.enqueue(&backend).await.map(|handle| handle.enqueued())
        }));
    }
    let mut created = 0;
    for task in tasks {
        created += usize::from(task.await?? == Enqueued::Created);
    }
    assert_eq!(created, 1);
    Ok(())
}

pub(super) async fn what_was_never_enqueued_is_unknown<O: Opener>(place: Place<O>) -> CaseResult {
    let handle = Client::new(&place.backend).handle("nothing");
    for error in [
        handle.outcome().await.unwrap_err(),
        handle.status().await.unwrap_err(),
        handle.cancel("x").await.unwrap_err(),
        handle.pause().await.unwrap_err(),
        handle.resume().await.unwrap_err(),
        handle.delete().await.unwrap_err(),
    ] {
        assert!(
            matches!(&error, BackendError::UnknownProcess { identifier } if identifier == "nothing"),
            "{error:?}"
        );
    }
    Ok(())
}

pub(super) async fn r19_what_is_acknowledged_is_seen_by_every_client<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let other = Client::new(&place.other().await?);
    let lab = Lab::new(&world, par([plain("a"), asynchronous("b")]));
    let handle = lab.builder().identifier("album-1").build()?.enqueue(&place.backend).await?;
    let seen = other.handle("album-1");
    assert_eq!(seen.status().await?.tasks().count(), 2);
    // Who waits in another program is told.
    let waiting = tokio::spawn(async move { seen.outcome().await });
    let worker = place.worker_in(&world).start()?;
    assert!(matches!(within(waiting).await??, Outcome::Completed));
    within(handle.wait()).await?;
    within(worker.shutdown()).await;
    Ok(())
}

pub(super) async fn r13_a_process_is_cancelled_from_another_program<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let lab = Lab::new(&world, seq([asynchronous("a"), plain("b")]));
    let running = place.start(lab).await?;
    world.until("begin a").await;
    let other = Client::new(&place.other().await?);
    other.handle(running.handle.identifier()).cancel("enough").await?;
    let ended = running.end().await?;
    assert!(matches!(&ended.outcome, Outcome::Cancelled { reason } if &**reason == "enough"));
    world.assert_order("drop a", "on_cancelled main");
    Ok(())
}

pub(super) async fn running_until_idle_waits_for_retries_and_delayed_starts<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| if context.attempt() < 3 { Err(TaskError::new("no")) } else { Ok(()) });
    let policy = Policy::new().retries(5).backoff(std::time::Duration::from_millis(100));
    let handle =
        place.enqueue(&Lab::new(&world, seq([plain("a"), asynchronous("b")])).policy(policy)).await?;
    let later = Lab::new(&world, plain("c")).builder().start_after(std::time::Duration::from_millis(300));
    let later = later.build()?.enqueue(&place.backend).await?;
    within(place.worker_in(&world).run_until_idle()).await?;
    assert!(handle.status().await?.ended && later.status().await?.ended, "{:#?}", world.log());
    // With nothing to do it ends at once.
    within(place.worker_in(&world).run_until_idle()).await?;
    Ok(())
}

pub(super) async fn running_until_idle_does_not_wait_for_timeouts<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let policy = Policy::new().timeout(DEADLINE * 10);
    let handle = place.enqueue(&Lab::new(&world, plain("a")).policy(policy)).await?;
    within(place.worker_in(&world).run_until_idle()).await?;
    assert!(handle.status().await?.ended);
    Ok(())
}

/// Notes what a worker does.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }
}

fn name<'a>(attempt: &'a Attempt<'_>) -> &'a str {
    attempt.task().or(attempt.hook()).unwrap_or_default()
}

impl Observer for Notes {
    fn claimed(&self, attempt: &Attempt<'_>) {
        self.add(format!("claimed {} {}", name(attempt), attempt.attempt()));
    }

    fn finished(&self, end: &AttemptEnd<'_>) {
        let how = match (end.error(), end.retry_after()) {
            (None, _) => "succeeded",
            (Some(_), Some(_)) => "is retried",
            (Some(_), None) => "failed",
        };
        let accepted = if end.accepted() { "" } else { ", refused" };
        self.add(format!("{} {} {how}{accepted}", name(end.attempt()), end.attempt().attempt()));
    }
}

pub(super) async fn an_observer_is_told_of_every_claim_and_end<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| if context.attempt() == 1 { Err(TaskError::new("no")) } else { Ok(()) });
    world.asynchronous("b", |_| async {
        tokio::task::yield_now().await;
        Err(TaskError::new("broken"))
    });
    let policy = Policy::new().retries(1).backoff(AT_ONCE);
    let lab = Lab::new(&world, seq([plain("a"), asynchronous("b"), plain("c")])).policy(policy);
    let handle = place.enqueue(&lab).await?;
    let notes = Notes::default();
    let worker = place.worker(&lab).observer(notes.clone()).start()?;
    assert!(within(handle.wait()).await.is_err());
    within(worker.shutdown()).await;
    let wanted = [
        "claimed on_started 1",
        "on_started 1 succeeded",
        "claimed plain 1",
        "plain 1 is retried",
        "claimed plain 2",
        "plain 2 succeeded",
        "claimed asynchronous 1",
        "asynchronous 1 is retried",
        "claimed asynchronous 2",
        "asynchronous 2 failed",
        "claimed on_failed 1",
        "on_failed 1 succeeded",
    ];
    let noted = notes.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut sorted = (noted.clone(), wanted.map(str::to_owned).to_vec());
    // A claim may be told in the same breath as the end that it followed.
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1, "{noted:#?}");
    Ok(())
}
