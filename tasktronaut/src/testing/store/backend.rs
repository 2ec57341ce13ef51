//! What a backend makes of the store while something else happens in between: calls that fail, that are held up, and
//! that come too late.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::lab::{LONG, Lab, SHORT, jobs, same};
use super::tapped::Tapped;
use super::{CaseResult, Opener};
use crate::backend::store::{Fence, JobRow, Store};
use crate::backend::{Backend, Durable};
use crate::plan::JobState;
use crate::plan::rules::Verdict;
use crate::testing::stage::lab::{self, Tree, par, plain};
use crate::testing::stage::world::World;
use crate::testing::stage::{Hand, Held, until, within};
use crate::words::error::BoxError;
use crate::words::policy::Policy;

/// A retry that comes at once, and one that no case lives to see.
const RETRIES: [Duration; 2] = [Duration::ZERO, LONG];

/// A definition whose siblings go on after a failure.
fn siblings(tree: Tree) -> lab::Lab {
    lab::Lab::new(&World::new(), tree).policy(Policy::new().finish_siblings())
}

async fn enqueue<B: Backend>(backend: &B, definition: &lab::Lab) -> CaseResult {
    definition.clone().build().enqueue(backend).await?;
    Ok(())
}

/// A store that the case has in its hands, and the backend on it.
async fn tapped<O: Opener>(lab: &Lab<O>) -> Result<(Tapped<O::Store>, Durable<Tapped<O::Store>>), BoxError> {
    let tap = Tapped::new(lab.other().await?);
    Ok((tap.clone(), Durable::new(tap)))
}

async fn row<O: Opener>(lab: &Lab<O>, held: &Held) -> Result<JobRow, BoxError> {
    lab.job(held.fence().key, held.fence().node).await
}

/// A job that somebody else was judged to have lost: it is taken away without a word.
async fn take_away<O: Opener>(lab: &Lab<O>, fence: Fence) -> CaseResult {
    let mut taken = same(&lab.job(fence.key, fence.node).await?);
    (taken.state, taken.nonce) = (JobState::Ready, 0);
    lab.revise(fence.key, jobs(vec![taken])).await?;
    Ok(())
}

/// What has become of a job since it was claimed: it waits for its retry, or somebody else has claimed it again.
async fn moved_on<B: Backend>(
    other: &Hand<B>,
    held: &Held,
    after: Duration,
) -> Result<Option<Held>, BoxError> {
    assert!(other.end(held, Some(Verdict::Retry { after })).await?);
    if after > Duration::ZERO { Ok(None) } else { Ok(Some(other.claim().await?)) }
}

/// Whether it is as it was left, whoever came too late, and goes on.
async fn assert_untouched<O: Opener, B: Backend>(
    lab: &Lab<O>,
    other: &Hand<B>,
    held: &Held,
    again: Option<Held>,
) -> CaseResult {
    let row = row(lab, held).await?;
    assert_eq!((row.lost, row.failed), (0, 1));
    match again {
        None => assert_eq!((row.state, row.fence), (JobState::Waiting, held.fence())),
        Some(again) => {
            assert_eq!((row.state, row.fence), (JobState::Running, again.fence()));
            assert!(other.end(&again, None).await?);
        }
    }
    Ok(())
}

/// An end that is to be revised, while the store does not answer for a moment: the claims that came with it are not
/// lost, and neither is the end.
pub(super) async fn r4_an_end_that_must_be_revised_is_not_lost_with_an_error<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let (tap, backend) = tapped(&lab).await?;
    let definition = siblings(par([plain("a"), plain("b"), plain("c")]));
    enqueue(&backend, &definition).await?;
    let hand = Hand::join(backend, &definition).await?;
    hand.succeed().await?;
    let (a, b) = (hand.claim().await?, hand.claim().await?);
    // A failure is revised in any case. Where that fails the worker hears of it, and sends the end again.
    tap.fail("revise", 1);
    assert!(hand.end(&a, Some(Verdict::Fail)).await.is_err());
    assert!(hand.end(&a, Some(Verdict::Fail)).await?);
    // For a success the store says so itself, in an exchange that may have made claims.
    tap.fail("revise", 2);
    assert!(hand.end(&b, None).await?, "it is recorded at last");
    assert_eq!(tap.log.count("fail revise"), 3);
    assert_eq!(row(&lab, &b).await?.state, JobState::Succeeded);
    hand.succeed().await
}

/// A worker that was not seen for long is forgotten; it is entered again as soon as it asks for work.
pub(super) async fn r20_a_worker_that_was_forgotten_is_entered_again<O: Opener>(lab: Lab<O>) -> CaseResult {
    let backend = Durable::new(lab.store.clone());
    let definition = lab::Lab::new(&World::new(), plain("a"));
    let hand = Hand::join(backend.clone(), &definition).await?;
    lab.store.give_back(hand.id(), None).await?;
    enqueue(&backend, &definition).await?;
    for _ in 0..3 {
        hand.succeed().await?;
    }
    Ok(())
}

/// What runs under a lease that is lost is dropped, and so is what else runs of its process: somebody else has it.
pub(super) async fn r4_what_runs_is_dropped_when_its_lease_is_lost<O: Opener>(lab: Lab<O>) -> CaseResult {
    let backend = Durable::new(lab.store.clone());
    let definition = lab::Lab::new(&World::new(), par([plain("a"), plain("b")]));
    enqueue(&backend, &definition).await?;
    let hand = Hand::join(backend, &definition).await?;
    hand.succeed().await?;
    let (lost, held) = (hand.claim().await?, hand.claim().await?);
    hand.beat().await?;
    assert!(!lost.is_told_to_stop());
    take_away(&lab, lost.fence()).await?;
    hand.beat().await?;
    assert!(lost.is_dropped() && held.is_dropped());
    Ok(())
}

/// A worker that cannot renew drops what it runs by itself, before somebody else may have it.
pub(super) async fn r7_what_runs_is_dropped_when_its_lease_cannot_be_renewed<O: Opener>(
    lab: Lab<O>,
) -> CaseResult {
    let (tap, backend) = tapped(&lab).await?;
    let definition = lab::Lab::new(&World::new(), plain("a"));
    enqueue(&backend, &definition).await?;
    let hand = Hand::join_with(backend, &definition, Duration::from_millis(300), 3).await?;
    hand.succeed().await?;
    let held = hand.claim().await?;
    tap.fail("beat", usize::MAX);
    until("it is dropped", async || {
        // The store does not answer, or is not asked any more.
        let _ = hand.beat().await;
        Ok(held.is_dropped().then_some(()))
    })
    .await
}

/// A lease has run out for the last time; before that is judged the attempt has ended after all, and perhaps somebody
/// has the job already.
pub(super) async fn r4_what_is_judged_too_late_is_left_alone<O: Opener>(lab: Lab<O>) -> CaseResult {
    for after in RETRIES {
        let (tap, judging) = tapped(&lab).await?;
        let backend = Durable::new(lab.store.clone());
        let definition = lab::Lab::new(&World::new(), plain("a"));
        let judge = Hand::join_with(judging, &definition, LONG, 1).await?;
        let (late, other) = (
            Hand::join_with(backend.clone(), &definition, SHORT, 3).await?,
            Hand::join(backend.clone(), &definition).await?,
        );
        enqueue(&backend, &definition).await?;
        other.succeed().await?;
        let held = late.claim().await?;
        let gate = tap.hold("revise");
        until("it is to be judged", async || {
            judge.beat().await?;
            Ok((tap.log.count("begin revise") > 0).then_some(()))
        })
        .await?;
        let again = moved_on(&other, &held, after).await?;
        gate.open();
        tap.log.until("end revise").await;
        assert_untouched(&lab, &other, &held, again).await?;
        lab.store.delete(held.fence().key, false).await?;
    }
    Ok(())
}

/// A worker gives back what it need not run any more, in a process that has to be revised for that; before that happens
/// the attempt has ended, and perhaps somebody has the job already.
pub(super) async fn r4_what_is_given_back_too_late_is_left_alone<O: Opener>(lab: Lab<O>) -> CaseResult {
    for after in RETRIES {
        let (tap, giving) = tapped(&lab).await?;
        let backend = Durable::new(lab.store.clone());
        let definition = siblings(par([plain("a"), plain("b"), plain("c")]));
        let (giver, other) =
            (Hand::join(giving, &definition).await?, Hand::join(backend.clone(), &definition).await?);
        enqueue(&backend, &definition).await?;
        giver.succeed().await?;
        let failing = giver.claim().await?;
        assert!(giver.end(&failing, Some(Verdict::Fail)).await?);
        let (lost, held) = (giver.claim().await?, giver.claim().await?);
        take_away(&lab, lost.fence()).await?;
        assert_eq!(other.claim().await?.fence().node, lost.fence().node);
        let (gate, before) = (tap.hold("revise"), tap.log.count("end revise"));
        giver.beat().await?;
        tap.log.until_all("begin revise", before + 1).await;
        let again = moved_on(&other, &held, after).await?;
        gate.open();
        tap.log.until_all("end revise", before + 1).await;
        assert_untouched(&lab, &other, &held, again).await?;
        lab.store.delete(held.fence().key, false).await?;
    }
    Ok(())
}

/// What a worker has sent before it leaves counts, and is not given back, too.
pub(super) async fn r18_a_worker_leaves_when_its_last_exchange_is_over<O: Opener>(lab: Lab<O>) -> CaseResult {
    let (tap, backend) = tapped(&lab).await?;
    let definition = lab::Lab::new(&World::new(), plain("a"));
    enqueue(&backend, &definition).await?;
    let hand = Arc::new(Hand::join(backend, &definition).await?);
    hand.succeed().await?;
    let held = hand.claim().await?;
    let (gate, before) = (tap.hold("exchange"), tap.log.count("begin exchange"));
    let ending = tokio::spawn({
        let hand = Arc::clone(&hand);
        async move { hand.end(&held, None).await }
    });
    tap.log.until_all("begin exchange", before + 1).await;
    let mut leaving = pin!(hand.leave());
    let has_left = poll_fn(|context| Poll::Ready(leaving.as_mut().poll(context).is_ready())).await;
    assert!(!has_left && tap.log.all("begin give_back").is_empty() && tap.log.all("begin beat").is_empty());
    gate.open();
    assert_eq!(within(leaving).await?, 0, "nothing was given back");
    assert!(within(ending).await??, "it counts");
    Ok(())
}
