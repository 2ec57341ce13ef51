//! R11 and R12: what a failure does to the rest of a process.

use tasktronaut::{JobState, Outcome, TaskError};

use super::lab::start_with;
use tasktronaut::testing::stage::lab::{Lab, par, plain, seq};
use tasktronaut::testing::stage::world::World;

#[tokio::test]
async fn r12_what_a_worker_has_claimed_and_not_begun_is_not_begun_any_more() {
    let world = World::new();
    // Quick jobs, so that the worker claims many at a time; then one fails with others behind it.
    let warm = par((0..600).map(|step| plain(&format!("warm {step}"))));
    let tree = seq([warm, par((0..100).map(|step| plain(&format!("job {step}"))))]);
    for step in 0..100 {
        world.plain(&format!("job {step}"), |_| Err(TaskError::new("broken")));
    }
    let ended = start_with(Lab::new(&world, tree), 1).await.end().await.unwrap();
    assert!(matches!(ended.outcome, Outcome::Failed(_)));
    assert!(world.all("begin job").len() <= 2, "{} have begun", world.all("begin job").len());
    let states: Vec<_> = (0..100).map(|step| ended.state(&format!("job {step}"))).collect();
    let skipped = states.iter().filter(|state| **state == JobState::Skipped).count();
    assert!(skipped >= 98, "{states:?}");
}
