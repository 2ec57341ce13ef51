//! R14: each hook once, at the right time.

use std::sync::Arc;

use crate::plan::{JobState, Outcome};
use crate::testing::Opener;
use crate::testing::stage::lab::{AT_ONCE, Lab, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::{Gate, World, block_until};
use crate::testing::stage::{CaseResult, Place, until};
use crate::words::error::{CancelProcessError, TaskError};
use crate::words::policy::Policy;

pub(super) async fn r14_each_scope_has_its_hooks_innermost_first<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let inner = Lab::new(&world, plain("c")).named("inner");
    let middle = Lab::new(&world, seq([plain("b"), sub(inner)])).named("middle");
    let outer = Lab::new(&world, seq([plain("a"), sub(middle)])).named("outer");
    place.run(Lab::new(&world, sub(outer))).await?;
    let hooks: Vec<String> = world.all("on_");
    let wanted = [
        "on_started main",
        "on_started outer",
        "on_started middle",
        "on_started inner",
        "on_completed inner",
        "on_completed middle",
        "on_completed outer",
        "on_completed main",
    ];
    assert_eq!(hooks, wanted);
    world.assert_order("on_started inner", "begin c");
    world.assert_order("end c", "on_completed inner");
    Ok(())
}

pub(super) async fn r14_on_started_ends_before_any_task_and_the_end_waits_for_the_last<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let ours = gate.clone();
    let noted = world.clone();
    world.hook("on_started main", move || {
        let (gate, world) = (ours.clone(), noted.clone());
        async move {
            gate.pass().await;
            world.note("started");
            Ok(())
        }
    });
    let running = place.start(Lab::new(&world, par([plain("a"), asynchronous("b")]))).await?;
    world.until("on_started main").await;
    gate.open();
    running.end().await?;
    for step in ["begin a", "begin b"] {
        world.assert_order("started", step);
    }
    for step in ["end a", "end b"] {
        world.assert_order(step, "on_completed main");
    }
    Ok(())
}

pub(super) async fn r14_a_sub_process_has_its_own_hooks_at_each_place<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let inner = sub(Lab::new(&world, plain("a")).named("inner"));
    place.run(Lab::new(&world, seq([inner.clone(), inner.clone(), par([inner.clone(), inner])]))).await?;
    assert_eq!((world.count("on_started inner"), world.count("on_completed inner")), (4, 4));
    assert_eq!(world.count("end a"), 4);
    Ok(())
}

pub(super) async fn r14_a_failure_is_told_where_it_happened_and_around_it_innermost_first<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("c", |_| Err(TaskError::new("broken")));
    let inner = Lab::new(&world, plain("c")).named("inner");
    let middle = Lab::new(&world, sub(inner)).named("middle");
    let ended = place.run(Lab::new(&world, sub(middle))).await?;
    let wanted = [
        "on_started main",
        "on_started middle",
        "on_started inner",
        "on_task_failed c 1",
        "on_failed inner",
        "on_failed middle",
        "on_failed main",
    ];
    assert_eq!(world.all("on_"), wanted);
    assert_eq!(world.all("told main"), ["told main: plain: broken"]);
    let Outcome::Failed(failure) = ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!((failure.definition(), failure.step()), ("inner", "plain"));
    Ok(())
}

/// One sub-process fails while one runs, one has completed and one has not begun.
pub(super) async fn r14_scopes_beside_a_failure_are_told_by_how_far_they_came<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let gate = Gate::new();
    let begun = gate.clone();
    world.asynchronous("under way", move |call| {
        let gate = begun.clone();
        async move {
            gate.open();
            call.context().cancelled().await;
            Ok(())
        }
    });
    let (may_fail, noted) = (gate.clone(), world.clone());
    world.plain("fails", move |_| {
        may_fail.block();
        block_until("the third branch", || noted.count("begin x") == 1);
        Err(TaskError::new("broken"))
    });
    let lab = |name, tree| sub(Lab::new(&world, tree).named(name));
    let tree = seq([
        lab("done", plain("done")),
        par([
            lab("under_way", asynchronous("under way")),
            lab("failed", plain("fails")),
            seq([plain("x"), lab("never", plain("never"))]),
        ]),
        lab("after", plain("after")),
    ]);
    // The third branch cannot get past its first step.
    let hold = gate.clone();
    let failed = world.clone();
    world.plain("x", move |context| {
        hold.block();
        block_until("the failure", || context.is_cancelled());
        failed.note("x saw it");
        Ok(())
    });
    let ended = place.run(Lab::new(&world, tree)).await?;
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    let hooks = |name: &str| -> Vec<String> {
        world.all("on_").into_iter().filter(|hook| hook.ends_with(name)).collect()
    };
    assert_eq!(hooks(" done"), ["on_started done", "on_completed done"]);
    assert_eq!(hooks(" under_way"), ["on_started under_way", "on_cancelled under_way"]);
    assert_eq!(hooks(" failed"), ["on_started failed", "on_failed failed"]);
    assert!(hooks(" never").is_empty() && hooks(" after").is_empty());
    assert_eq!(hooks(" main"), ["on_started main", "on_failed main"]);
    // What runs may end, and the hook comes after it.
    world.assert_order("end under way", "on_cancelled under_way");
    for before in ["on_cancelled under_way", "on_failed failed", "end x"] {
        world.assert_order(before, "on_failed main");
    }
    Ok(())
}

pub(super) async fn r14_a_hook_that_runs_when_its_process_stops_is_the_last_one_of_its_scope<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let (world, gate) = (World::new(), Gate::new());
    let (noted, ours) = (world.clone(), gate.clone());
    world.plain("b", move |_| {
        block_until("the hook", || noted.count("on_completed inner") == 1);
        Err(TaskError::new("broken"))
    });
    world.hook("on_completed inner", move || {
        let gate = ours.clone();
        async move {
            gate.pass().await;
            Ok(())
        }
    });
    let inner = Lab::new(&world, plain("a")).named("inner");
    let running = place.start(Lab::new(&world, par([sub(inner), plain("b")]))).await?;
    until("it has failed", async || Ok(running.handle.status().await?.outcome.map(drop))).await?;
    gate.open();
    assert!(matches!(running.end().await?.outcome, Outcome::Failed(_)));
    let hooks: Vec<String> = world.all("on_").into_iter().filter(|hook| hook.ends_with(" inner")).collect();
    assert_eq!(hooks, ["on_started inner", "on_completed inner"]);
    Ok(())
}

pub(super) async fn r14_hooks_that_wait_for_something_come_to_their_end<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    for kind in ["completed", "failed", "cancelled"] {
        let world = World::new();
        world.plain("a", move |_| match kind {
            "completed" => Ok(()),
            "failed" => Err(TaskError::new("broken")),
            _ => Err(TaskError::new(CancelProcessError::new("enough"))),
        });
        for hook in ["on_started main", &format!("on_{kind} main"), "on_task_failed a 1"] {
            let (noted, entry) = (world.clone(), format!("after {hook}"));
            world.hook(hook, move || {
                let (world, entry) = (noted.clone(), entry.clone());
                async move {
                    for _ in 0..3 {
                        tokio::task::yield_now().await;
                    }
                    world.note(entry);
                    Ok(())
                }
            });
        }
        let ended = place.run(Lab::new(&world, plain("a"))).await?;
        assert_eq!(ended.outcome.as_str(), kind);
        assert_eq!(world.count(&format!("after on_{kind} main")), 1, "{:#?}", world.log());
        assert_eq!(world.count(&format!("on_{kind} main")), 1, "{:#?}", world.log());
        world.assert_order("after on_started main", "begin a");
        if kind != "completed" {
            world.assert_order("after on_task_failed a 1", &format!("on_{kind} main"));
        }
    }
    Ok(())
}

pub(super) async fn r14_on_task_failed_is_told_of_every_failed_attempt<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| match context.attempt() {
        3 => Ok(()),
        attempt => Err(TaskError::new(format!("no {attempt}"))),
    });
    world.asynchronous("b", |call| async move {
        tokio::task::yield_now().await;
        match call.context().attempt() {
            2 => Ok(()),
            _ => Err(TaskError::new("no")),
        }
    });
    let policy = Policy::new().retries(2).backoff(AT_ONCE);
    let ended = place.run(Lab::new(&world, seq([plain("a"), asynchronous("b")])).policy(policy)).await?;
    assert!(matches!(ended.outcome, Outcome::Completed));
    assert_eq!(
        world.all("on_task_failed"),
        ["on_task_failed a 1", "on_task_failed a 2", "on_task_failed b 1"]
    );
    Ok(())
}

pub(super) async fn r14_a_hook_that_fails_is_repeated_shown_and_changes_nothing<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    for hook in ["on_started", "on_completed"] {
        let world = World::new();
        world.hook(&format!("{hook} main"), || async { Err("no".into()) });
        let ended = place.run(Lab::new(&world, plain("a"))).await?;
        assert!(matches!(ended.outcome, Outcome::Completed));
        assert_eq!(world.count("end a"), 1);
        assert_eq!(world.count(&format!("{hook} main")), 3);
        let job = ended.status.jobs.iter().find(|job| &*job.name == hook).unwrap();
        assert_eq!((job.state, job.attempt), (JobState::Failed, 3));
        assert_eq!(job.error.as_ref().unwrap().to_string(), "no");
    }
    Ok(())
}

pub(super) async fn r14_a_hook_that_fails_once_succeeds_later<O: Opener>(place: Place<O>) -> CaseResult {
    for hook in ["on_failed main", "on_cancelled main"] {
        let world = World::new();
        world.plain("a", move |_| match hook {
            "on_failed main" => Err(TaskError::new("broken")),
            _ => Err(TaskError::new(CancelProcessError::new("enough"))),
        });
        let noted = world.clone();
        world.hook(hook, move || {
            let count = noted.count(hook);
            async move { if count < 2 { Err("not yet".into()) } else { Ok(()) } }
        });
        place.run(Lab::new(&world, plain("a"))).await?;
        assert_eq!(world.count(hook), 2);
    }
    Ok(())
}

pub(super) async fn r14_on_task_failed_that_fails_changes_nothing<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| if context.attempt() == 1 { Err(TaskError::new("no")) } else { Ok(()) });
    world.hook("on_task_failed a 1", || async { Err("hook".into()) });
    let ended =
        place.run(Lab::new(&world, plain("a")).policy(Policy::new().retries(1).backoff(AT_ONCE))).await?;
    assert!(matches!(ended.outcome, Outcome::Completed));
    Ok(())
}

pub(super) async fn r14_around_task_goes_round_each_attempt_and_shares_values<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    world.plain("a", |context| {
        assert_eq!(*context.get::<u32>().unwrap(), context.attempt());
        context.insert("from the task");
        if context.attempt() == 1 { Err(TaskError::new("no")) } else { Ok(()) }
    });
    world.asynchronous("b", |call| async move {
        tokio::task::yield_now().await;
        assert_eq!(*call.context().get::<u32>().unwrap(), 1);
        call.context().insert("from the task");
        Ok(())
    });
    let lab = Lab::new(&world, seq([plain("a"), asynchronous("b")]))
        .policy(Policy::new().retries(1).backoff(AT_ONCE));
    let lab = lab.around(|lab, context, next| {
        Box::pin(async move {
            context.insert(context.attempt());
            let step = context.description().unwrap_or_default().to_owned();
            lab.world.note(format!("before {step}"));
            let result = next.run().await;
            let left = context.get::<&str>().map(|text| *text);
            lab.world.note(format!("after {step}: {left:?} {}", result.is_ok()));
            result
        })
    });
    place.run(lab).await?;
    let wanted = [
        "on_started main",
        "before a",
        "begin a",
        "fail a",
        "after a: Some(\"from the task\") false",
        "on_task_failed a 1",
        "before a",
        "begin a",
        "end a",
        "after a: Some(\"from the task\") true",
        "before b",
        "begin b",
        "end b",
        "after b: Some(\"from the task\") true",
        "on_completed main",
    ];
    assert_eq!(world.log(), wanted);
    Ok(())
}

pub(super) async fn r14_what_around_task_returns_is_what_counts<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    for step in ["swallowed", "plain"] {
        world.plain(step, |_| Err(TaskError::new("broken")));
    }
    let lab = Lab::new(
        &world,
        seq([plain("swallowed"), plain("not run"), asynchronous("cancels"), plain("never")]),
    );
    let lab = lab.around(|_, context, next| {
        Box::pin(async move {
            match context.description() {
                Some("not run") => Ok(()),
                Some("cancels") => Err(TaskError::new(CancelProcessError::new("enough"))),
                _ => next.run().await.or(Ok(())),
            }
        })
    });
    let ended = place.run(lab).await?;
    assert!(
        matches!(&ended.outcome, Outcome::Cancelled { reason } if &**reason == "enough"),
        "{:?}",
        ended.outcome
    );
    assert_eq!(world.all("begin"), ["begin swallowed"]);
    assert_eq!(ended.state("swallowed"), JobState::Succeeded);
    assert_eq!(ended.state("never"), JobState::Cancelled);
    assert_eq!(world.count("on_cancelled main"), 1);
    Ok(())
}

pub(super) async fn r14_around_task_leaves_a_plain_function_to_a_thread_that_may_block<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let barrier = Arc::new(std::sync::Barrier::new(4));
    let tree = par((0..4).map(|step| plain(&step.to_string())));
    for step in 0..4 {
        let barrier = barrier.clone();
        world.plain(&step.to_string(), move |_| {
            barrier.wait();
            Ok(())
        });
    }
    let ended = place.run(Lab::new(&world, tree).around(|_, _, next| Box::pin(next.run()))).await?;
    assert!(matches!(ended.outcome, Outcome::Completed));
    Ok(())
}
