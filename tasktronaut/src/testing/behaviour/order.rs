//! R5 and R6: what waits for what.

use crate::definition::ExecutionMode;
use crate::plan::{JobState, Outcome};
use crate::testing::Opener;
use crate::testing::stage::lab::{Lab, asynchronous, par, plain, seq, sub};
use crate::testing::stage::world::World;
use crate::testing::stage::{CaseResult, Place};

pub(super) async fn r6_a_sequential_block_runs_step_by_step<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let ended = place.run(Lab::new(&world, seq([plain("a"), asynchronous("b"), plain("c")]))).await?;
    assert!(matches!(ended.outcome, Outcome::Completed));
    let wanted =
        ["on_started main", "begin a", "end a", "begin b", "end b", "begin c", "end c", "on_completed main"];
    assert_eq!(world.log(), wanted);
    Ok(())
}

pub(super) async fn r6_a_concurrent_block_runs_at_the_same_time_and_is_waited_for<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let barrier = std::sync::Arc::new(std::sync::Barrier::new(3));
    for step in ["b", "c", "d"] {
        let barrier = barrier.clone();
        world.plain(step, move |_| {
            barrier.wait();
            Ok(())
        });
    }
    let tree = seq([plain("a"), par([plain("b"), plain("c"), plain("d")]), plain("e")]);
    place.run(Lab::new(&world, tree)).await?;
    for step in ["b", "c", "d"] {
        world.assert_order("end a", &format!("begin {step}"));
        world.assert_order(&format!("end {step}"), "begin e");
    }
    Ok(())
}

pub(super) async fn r6_the_outermost_steps_follow_the_execution_mode<O: Opener>(
    place: Place<O>,
) -> CaseResult {
    let world = World::new();
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let ours = barrier.clone();
    world.asynchronous("a", move |_| {
        let barrier = ours.clone();
        async move {
            barrier.wait().await;
            Ok(())
        }
    });
    let lab = Lab::new(&world, asynchronous("a")).named("inner").mode(ExecutionMode::Concurrent);
    // Two places of a concurrent process: they meet, so they run at the same time.
    let tree = par([sub(lab.clone()), sub(lab.named("inner_2"))]);
    place.run(Lab::new(&world, tree)).await?;
    assert_eq!(world.count("end a"), 2);
    Ok(())
}

pub(super) async fn r5_each_join_fires_once<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    // Layers of par after par: what follows each layer is there only once, and runs only once.
    let layer = |layer: usize| par((0..7).map(|step| plain(&format!("{layer}.{step}"))));
    place.run(Lab::new(&world, seq((0..20).map(layer)))).await?;
    let log = world.log();
    for number in 0..20 {
        for step in 0..7 {
            assert_eq!(world.count(&format!("begin {number}.{step}")), 1, "{log:#?}");
        }
    }
    let layers: Vec<usize> = world.all("begin").iter().map(|entry| layer_of(entry)).collect();
    assert!(layers.is_sorted(), "{layers:?}");
    Ok(())
}

fn layer_of(entry: &str) -> usize {
    entry.trim_start_matches("begin ").split('.').next().unwrap().parse().unwrap()
}

pub(super) async fn r5_an_empty_block_passes_through_in_its_place<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let empty = || par([seq([]), par([]), seq([par([]), seq([])])]);
    let tree = seq([
        empty(),
        plain("a"),
        empty(),
        par([plain("b"), plain("c")]),
        empty(),
        par([empty(), seq([]), plain("d"), par([plain("e"), empty()])]),
        empty(),
        plain("f"),
        seq([]),
    ]);
    let ended = place.run(Lab::new(&world, tree)).await?;
    assert!(matches!(ended.outcome, Outcome::Completed));
    for (first, second) in
        [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("b", "e"), ("c", "e"), ("d", "f"), ("e", "f")]
    {
        world.assert_order(&format!("end {first}"), &format!("begin {second}"));
    }
    assert_eq!(ended.status.count(JobState::Succeeded), 6);
    Ok(())
}

pub(super) async fn r5_a_process_without_tasks_completes<O: Opener>(place: Place<O>) -> CaseResult {
    for tree in [seq([]), par([]), par([seq([]), par([par([])])])] {
        let world = World::new();
        let ended = place.run(Lab::new(&world, tree)).await?;
        assert!(matches!(ended.outcome, Outcome::Completed));
        assert_eq!(world.log(), ["on_started main", "on_completed main"]);
    }
    Ok(())
}

pub(super) async fn r6_blocks_nest_freely<O: Opener>(place: Place<O>) -> CaseResult {
    let world = World::new();
    let tree = par([
        seq([plain("a"), par([plain("b"), seq([plain("c"), plain("d")])]), plain("e")]),
        seq([par([plain("f"), plain("g")]), seq([plain("h")])]),
    ]);
    place.run(Lab::new(&world, tree)).await?;
    for (first, second) in
        [("a", "b"), ("a", "c"), ("c", "d"), ("b", "e"), ("d", "e"), ("f", "h"), ("g", "h")]
    {
        world.assert_order(&format!("end {first}"), &format!("begin {second}"));
    }
    Ok(())
}
