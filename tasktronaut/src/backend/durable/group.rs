//! Exchanges of one worker in groups: while one is under way, the others gather, and go together as the next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Turn, oneshot};

use super::alike::alike;
use crate::backend::record::{Claimed, Finished};
use crate::backend::{BackendError, Exchanged};

/// What one caller asks for.
pub(super) struct Request {
    pub(super) finished: Vec<Finished>,
    pub(super) wanted: usize,
    answer: oneshot::Sender<Answer>,
}

/// What a caller gets; after an error, with the ends that were not recorded.
pub(super) type Answer = Result<(Exchanged, Vec<Claimed>), (BackendError, Vec<Finished>)>;

/// Those who wait.
#[derive(Default)]
pub(super) struct Group {
    waiting: Mutex<VecDeque<Request>>,
    turn: Turn<()>,
}

impl Group {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Request>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no exchange is under way, and lets none begin until the answer is dropped.
    pub(super) async fn alone(&self) -> impl Sized + '_ {
        self.turn.lock().await
    }

    /// Asks for an exchange. Whoever comes to the head does the work for all who wait by then.
    pub(super) async fn ask<F, W>(&self, finished: Vec<Finished>, wanted: usize, work: F) -> Answer
    where
        F: FnOnce(Vec<Finished>, usize) -> W,
        W: Future<Output = Answer>,
    {
        let (answer, mut answered) = oneshot::channel();
        self.waiting().push_back(Request { finished, wanted, answer });
        let turn = self.turn.lock().await;
        if let Ok(answer) = answered.try_recv() {
            return answer;
        }
        let requests: Vec<Request> = self.waiting().drain(..).collect();
        let mut led = Led { group: self, requests };
        let finished = led.requests.iter().flat_map(|request| &request.finished).map(share).collect();
        let wanted = led.requests.iter().map(|request| request.wanted).sum();
        let result = work(finished, wanted).await;
        for (request, answer) in divide(std::mem::take(&mut led.requests), result) {
            // A caller that does not wait any more asked for nothing that could be lost but claims, whose leases end.
            let _ = request.send(answer);
        }
        drop(turn);
        answered.await.unwrap_or_else(|_| Err((BackendError::Closed, Vec::new())))
    }
}

/// Ends that are sent for somebody who may be needed again.
fn share(finished: &Finished) -> Finished {
    Finished { process: Arc::clone(&finished.process), jobs: finished.jobs.clone() }
}

/// The requests of which one caller takes care. Should it be dropped, the next one does.
struct Led<'a> {
    group: &'a Group,
    requests: Vec<Request>,
}

impl Drop for Led<'_> {
    fn drop(&mut self) {
        let mut waiting = self.group.waiting();
        for request in self.requests.drain(..).rev() {
            waiting.push_front(request);
        }
    }
}

/// Gives each caller its part.
fn divide(requests: Vec<Request>, result: Answer) -> Vec<(oneshot::Sender<Answer>, Answer)> {
    match result {
        Err((error, _)) => {
            let error = alike(error);
            requests.into_iter().map(|request| (request.answer, Err((error(), request.finished)))).collect()
        }
        Ok((mut exchanged, claimed)) => {
            let mut left: VecDeque<Claimed> = claimed.into();
            let Exchanged { next_due, more, waiting, .. } = exchanged;
            let mut parts = Vec::with_capacity(requests.len());
            for request in requests {
                let claimed = take(&mut left, request.wanted);
                let lost = std::mem::take(&mut exchanged.lost);
                let (own, others) = lost.into_iter().partition(|lost| {
                    request.finished.iter().any(|group| {
                        Arc::ptr_eq(&group.process, &lost.process)
                            && group
                                .jobs
                                .iter()
                                .any(|end| end.node == lost.node && end.attempt == lost.attempt)
                    })
                });
                exchanged.lost = others;
                let part = Exchanged { lost: own, next_due, more, waiting };
                parts.push((request.answer, Ok((part, claimed))));
            }
            // More was claimed than was wanted only by mistake; nothing of it may be dropped.
            if let Some((_, Ok((_, claimed)))) = parts.first_mut() {
                claimed.extend(left);
            }
            parts
        }
    }
}

/// Up to so many claims, last first in each group as the worker takes them.
fn take(left: &mut VecDeque<Claimed>, wanted: usize) -> Vec<Claimed> {
    let (mut taken, mut count) = (Vec::new(), 0);
    while count < wanted {
        let Some(mut group) = left.pop_front() else { break };
        let more = group.jobs.len().saturating_sub(wanted - count);
        if more > 0 {
            let rest = group.jobs.drain(..more).collect();
            left.push_front(Claimed { process: Arc::clone(&group.process), jobs: rest });
        }
        count += group.jobs.len();
        taken.push(group);
    }
    taken
}
