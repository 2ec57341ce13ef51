//! R13: cancellation, from a task and from outside.

use tasktronaut::{CancelAnswer, CancelProcessError, JobState, LocalBackend, Outcome, TaskError, Worker};

use super::lab::{Lab, asynchronous, par, plain, run, seq, start, sub, within};
use super::world::{Gate, World, block_until};

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Cancelled { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn r13_a_task_cancels_its_process() {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new(CancelProcessError::new("enough"))));
    let ended = run(Lab::new(&world, seq([plain("a"), plain("b")]))).await;
    assert_eq!(reason(&ended.outcome), "enough");
    assert_eq!((ended.state("a"), ended.state("b")), (JobState::Cancelled, JobState::Cancelled));
    assert_eq!(world.all("begin"), ["begin a"]);
    assert_eq!(world.all("on_").last().unwrap(), "on_cancelled main");
    assert_eq!(world.all("on_failed").len() + world.all("on_completed").len(), 0);
}

#[tokio::test]
async fn r13_a_process_is_cancelled_before_it_starts() {
    let world = World::new();
    let backend = LocalBackend::new();
    let handle = Lab::new(&world, plain("a")).build().enqueue(&backend).await.unwrap();
    assert!(matches!(handle.cancel("enough").await.unwrap(), CancelAnswer::Cancelled));
    let worker = Worker::new(backend).start().unwrap();
    assert_eq!(reason(&within(handle.outcome()).await.unwrap()), "enough");
    // The root is told, though it never started.
    assert_eq!(world.log(), ["on_cancelled main"]);
    worker.shutdown().await;
}

#[tokio::test]
async fn r13_running_async_tasks_are_dropped_at_the_next_await() {
    let world = World::new();
    world.asynchronous("hangs", |_| std::future::pending());
    let tree = seq([par([asynchronous("hangs"), plain("a")]), plain("b")]);
    let running = start(Lab::new(&world, tree)).await;
    world.until("begin hangs").await;
    world.until("end a").await;
    running.handle.cancel("enough").await.unwrap();
    let ended = running.end().await;
    assert_eq!(reason(&ended.outcome), "enough");
    world.assert_order("drop hangs", "on_cancelled main");
    assert_eq!(ended.state("hangs"), JobState::Cancelled);
    assert_eq!(world.count("begin b"), 0);
    assert_eq!(world.all("on_task_failed").len(), 0);
}

#[tokio::test]
async fn r13_a_running_plain_function_sees_it_and_is_waited_for() {
    let world = World::new();
    world.plain("a", |context| {
        block_until("the cancellation", || context.is_cancelled());
        Ok(())
    });
    let running = start(Lab::new(&world, seq([plain("a"), plain("b")]))).await;
    world.until("begin a").await;
    running.handle.cancel("enough").await.unwrap();
    let ended = running.end().await;
    assert_eq!(reason(&ended.outcome), "enough");
    world.assert_order("end a", "on_cancelled main");
    assert_eq!((ended.state("a"), ended.state("b")), (JobState::Succeeded, JobState::Cancelled));
}

#[tokio::test]
async fn r13_around_task_does_not_make_a_plain_function_end_before_it_does() {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.plain("a", move |context| {
        block_until("the cancellation", || context.is_cancelled());
        ours.block();
        Ok(())
    });
    let lab = Lab::new(&world, plain("a")).around(|_, _, next| Box::pin(next.run()));
    let running = start(lab).await;
    world.until("begin a").await;
    let mut events = running.handle.events().await.unwrap();
    running.handle.cancel("enough").await.unwrap();
    gate.open();
    within(async { while events.next().await.is_some() {} }).await;
    running.end().await;
    world.assert_order("end a", "on_cancelled main");
}

#[tokio::test]
async fn r13_cancelling_twice_is_the_same_as_once() {
    let world = World::new();
    world.asynchronous("a", |_| std::future::pending());
    let running = start(Lab::new(&world, asynchronous("a"))).await;
    world.until("begin a").await;
    for _ in 0..2 {
        assert!(matches!(running.handle.cancel("first").await.unwrap(), CancelAnswer::Cancelled));
    }
    assert!(matches!(running.handle.cancel("second").await.unwrap(), CancelAnswer::Cancelled));
    let handle = running.handle.clone();
    let ended = running.end().await;
    assert_eq!(reason(&ended.outcome), "first");
    assert!(matches!(handle.cancel("third").await.unwrap(), CancelAnswer::Cancelled));
    assert_eq!(world.count("on_cancelled main"), 1);
}

#[tokio::test]
async fn r13_after_the_last_job_it_is_too_late() {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    world.hook("on_completed main", move || {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let running = start(Lab::new(&world, plain("a"))).await;
    // The outcome is there as soon as the last hook may run, though it has not ended.
    world.until("on_completed main").await;
    let answer = running.handle.cancel("too late").await.unwrap();
    assert!(matches!(answer, CancelAnswer::TooLate(Outcome::Completed)), "{answer:?}");
    gate.open();
    let handle = running.handle.clone();
    assert!(matches!(running.end().await.outcome, Outcome::Completed));
    assert!(matches!(handle.cancel("too late").await.unwrap(), CancelAnswer::TooLate(Outcome::Completed)));
    assert_eq!(world.all("on_").last().unwrap(), "on_completed main");
}

#[tokio::test]
async fn r13_after_a_failure_it_is_too_late() {
    let world = World::new();
    world.plain("a", |_| Err(TaskError::new("broken")));
    let running = start(Lab::new(&world, plain("a"))).await;
    let handle = running.handle.clone();
    running.end().await;
    let answer = handle.cancel("too late").await.unwrap();
    assert!(matches!(answer, CancelAnswer::TooLate(Outcome::Failed(_))), "{answer:?}");
}

/// Cancellation and completion race: whoever wins, exactly one hook runs, and the answer is true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_who_wins_is_told() {
    let backend = LocalBackend::new();
    let worker = Worker::new(backend.clone()).concurrency(2).start().unwrap();
    for round in 0..200 {
        let world = World::new();
        let handle = Lab::new(&world, plain("a")).build().enqueue(&backend).await.unwrap();
        if round % 2 == 0 {
            world.until("begin a").await;
        }
        let answer = handle.cancel("enough").await.unwrap();
        let outcome = within(handle.outcome()).await.unwrap();
        let ends: Vec<_> = world.all("on_").into_iter().filter(|hook| hook != "on_started main").collect();
        match answer {
            CancelAnswer::Cancelled => {
                assert_eq!((outcome.as_str(), &*ends), ("cancelled", &["on_cancelled main".to_owned()][..]));
            }
            CancelAnswer::TooLate(won) => {
                assert_eq!(won.as_str(), "completed");
                assert_eq!((outcome.as_str(), &*ends), ("completed", &["on_completed main".to_owned()][..]));
            }
        }
    }
    within(worker.shutdown()).await;
}

#[tokio::test]
async fn r13_sub_processes_are_cancelled_too() {
    let world = World::new();
    world.asynchronous("b", |_| std::future::pending());
    let lab = |name, tree| sub(Lab::new(&world, tree).named(name));
    let inner = lab("inner", seq([asynchronous("b"), plain("c")]));
    let tree = seq([lab("done", plain("a")), lab("outer", inner), lab("never", plain("d"))]);
    let running = start(Lab::new(&world, tree)).await;
    world.until("begin b").await;
    running.handle.cancel("enough").await.unwrap();
    let ended = running.end().await;
    assert_eq!(ended.status.count(JobState::Cancelled), 3);
    let wanted = ["on_cancelled inner", "on_cancelled outer", "on_cancelled main"];
    assert_eq!(world.all("on_cancelled"), wanted);
    assert_eq!(world.all("on_completed"), ["on_completed done"]);
    assert_eq!(world.all("on_started never").len(), 0);
}
