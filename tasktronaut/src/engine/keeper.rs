//! Keeps a worker alive in the eyes of a store that others work on, too: enters it, renews its leases, takes back what
//! others have left, and in the end gives everything back.
//!
//! It has a thread and a runtime of its own, so that tasks which block cannot keep it from renewing (`R7`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::observer::Attempt;
use super::shared::{PAUSE_AFTER_ERROR, Shared};
use crate::backend::{Backend, BackendError, LostClaim, Pulse};
use crate::definition::context::Level;
use crate::words::clock::instant;

/// A sign of life is given at least this often: with it a worker sees what was cancelled (`R22`).
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// How long the keeper tries to give everything back before it leaves that to the leases.
const LEAVING: Duration = Duration::from_secs(10);

/// A keeper at work.
pub(super) struct Keeper {
    orders: mpsc::UnboundedSender<Order>,
}

enum Order {
    /// Give everything back, and end; the answer comes when that is done.
    Leave(oneshot::Sender<()>),
}

impl Keeper {
    /// Starts the keeper, which starts the lanes as soon as the worker is entered.
    pub(super) fn start<B: Backend>(shared: &Arc<Shared<B>>) -> std::io::Result<Self> {
        let (orders, received) = mpsc::unbounded_channel();
        let own = Arc::clone(shared);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new()
            .name("tasktronaut-keeper".into())
            .spawn(move || runtime.block_on(keep(&own, received)))?;
        Ok(Self { orders })
    }

    /// Gives everything back and ends the keeper.
    pub(super) async fn leave(&self) {
        let (done, wait) = oneshot::channel();
        if self.orders.send(Order::Leave(done)).is_ok() {
            // A keeper that has gone has nothing left to give back.
            let _ = wait.await;
        }
    }

    /// The same, without waiting.
    pub(super) fn leave_soon(&self) {
        let (done, _) = oneshot::channel();
        let _ = self.orders.send(Order::Leave(done));
    }
}

async fn keep<B: Backend>(shared: &Arc<Shared<B>>, mut orders: mpsc::UnboundedReceiver<Order>) {
    let lease = shared.membership.lease;
    let tick = (lease / 3).min(LONGEST_TICK);
    let mut has_joined = false;
    let mut renewed = instant();
    loop {
        let pause = if has_joined {
            beat(shared, lease, &mut renewed).await;
            tick
        } else {
            has_joined = join(shared).await;
            renewed = instant();
            if has_joined { tick } else { PAUSE_AFTER_ERROR }
        };
        match tokio::time::timeout(pause, orders.recv()).await {
            Err(_) => {}
            Ok(order) => {
                leave(shared, has_joined).await;
                if let Some(Order::Leave(done)) = order {
                    // Who gave the order may have gone.
                    let _ = done.send(());
                }
                return;
            }
        }
    }
}

/// Enters the worker, and lets it begin; false when the store does not answer.
async fn join<B: Backend>(shared: &Arc<Shared<B>>) -> bool {
    if let Err(error) = shared.backend.join(shared.id, shared.membership.clone()).await {
        told(shared, "join", &error);
        return false;
    }
    if let Err(error) = shared.start_lanes() {
        tracing::error!(worker = %shared.id, %error, "no thread could be started");
    }
    true
}

async fn beat<B: Backend>(shared: &Shared<B>, lease: Duration, renewed: &mut Instant) {
    let asked = instant();
    let renew = asked.duration_since(*renewed) + LONGEST_TICK.min(lease / 3) / 2 >= lease / 3;
    let answer = tokio::time::timeout(lease / 3, shared.backend.beat(shared.id, renew)).await;
    match answer {
        Ok(Ok(pulse)) => {
            if renew {
                *renewed = asked;
            }
            report(shared, &pulse, asked);
        }
        Ok(Err(error)) => told(shared, "beat", &error),
        Err(_) => tracing::warn!(worker = %shared.id, "the store is slow to answer a sign of life"),
    }
}

fn report<B: Backend>(shared: &Shared<B>, pulse: &Pulse, asked: Instant) {
    if !pulse.lost.is_empty() {
        tracing::warn!(worker = %shared.id, lost = pulse.lost.len(), "leases were lost; what runs is told to stop");
    }
    if pulse.reaped > 0 {
        tracing::warn!(worker = %shared.id, jobs = pulse.reaped, "jobs of workers that are gone were taken back");
    }
    for jobs in &pulse.unroutable {
        tracing::warn!(worker = %shared.id, ?jobs, "no worker knows these jobs; they stay queued");
    }
    tell_released(shared, &pulse.released, asked);
    let Some(observer) = &shared.observer else { return };
    for lost in &pulse.lost {
        observer.lost(&Attempt::of_lost(lost, asked));
    }
    if pulse.reaped > 0 {
        observer.recovered(pulse.reaped);
    }
    for jobs in &pulse.unroutable {
        observer.unroutable(jobs);
    }
}

/// Gives everything back (`R18`).
async fn leave<B: Backend>(shared: &Shared<B>, has_joined: bool) {
    shared.signal.raise(Level::Drop);
    if !has_joined {
        return;
    }
    let given_up = instant() + LEAVING;
    loop {
        let asked = instant();
        match tokio::time::timeout(LEAVING, shared.backend.leave(shared.id)).await {
            Ok(Ok(released)) => return tell_released(shared, &released, asked),
            Ok(Err(error)) if instant() < given_up => told(shared, "leave", &error),
            Ok(Err(error)) => return told(shared, "leave", &error),
            Err(_) => {
                return tracing::error!(worker = %shared.id, "the store does not answer; its leases will run out");
            }
        }
        tokio::time::sleep(PAUSE_AFTER_ERROR).await;
    }
}

fn tell_released<B>(shared: &Shared<B>, released: &[LostClaim], asked: Instant) {
    if let Some(observer) = &shared.observer {
        for claim in released {
            observer.released(&Attempt::of_lost(claim, asked));
        }
    }
}

fn told<B>(shared: &Shared<B>, call: &'static str, error: &BackendError) {
    tracing::error!(worker = %shared.id, call, %error, "the store does not answer");
    if let Some(observer) = &shared.observer {
        observer.failed(call, error);
    }
}
