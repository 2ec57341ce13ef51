//! Wake-ups between programs: hints, which may be lost (`R22`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::lab::{Lab, random_place};
use super::shapes::chain;
use super::{CaseResult, Opener};
use crate::backend::store::{Listener, Store, Wake};

fn counter() -> (Arc<AtomicUsize>, Listener) {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = heard.clone();
    (heard, Arc::new(move |_| _ = count.fetch_add(1, Ordering::SeqCst)))
}

pub(super) async fn r22_another_program_hears_of_what_happens<O: Opener>(lab: Lab<O>) -> CaseResult {
    let other = lab.other().await?;
    let (heard, listener) = counter();
    other.subscribe(listener).await?;
    lab.until("it hears of it", async || {
        lab.add(&chain(&random_place(), 2)).await?;
        lab.store.announce(&[Wake::Ready]);
        Ok((heard.load(Ordering::SeqCst) > 0).then_some(()))
    })
    .await
}

pub(super) async fn r22_there_may_be_several_listeners<O: Opener>(lab: Lab<O>) -> CaseResult {
    let other = lab.other().await?;
    let ((first, one), (second, two)) = (counter(), counter());
    other.subscribe(one).await?;
    other.subscribe(two).await?;
    lab.until("both hear of it", async || {
        let key = lab.add(&chain(&random_place(), 2)).await?;
        lab.store.announce(&[Wake::Ready, Wake::Ended(key), Wake::Stopping(key), Wake::Anything]);
        Ok((first.load(Ordering::SeqCst) > 0 && second.load(Ordering::SeqCst) > 0).then_some(()))
    })
    .await
}

pub(super) async fn r22_an_announcement_waits_for_nobody<O: Opener>(lab: Lab<O>) -> CaseResult {
    lab.store.announce(&[]);
    for key in 0..2_000 {
        lab.store.announce(&[Wake::Ready, Wake::Ended(key)]);
    }
    lab.add(&chain("album", 2)).await?;
    let worker = lab.worker().await?;
    assert_eq!(lab.claim(worker, 1).await?.len(), 1);
    Ok(())
}
