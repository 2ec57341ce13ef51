//! What is told to a process when something happens, and what becomes of a task that fails.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tasktronaut::prelude::*;
use thiserror::Error;

/// Delivers a parcel. The courier is a resource: a definition that holds one is registered as an instance.
struct Delivery {
    courier: Courier,
}

#[process]
impl Delivery {
    fn define_process(address: String) {
        process! {
            seq { pack; deliver; }
        }
    }

    #[task]
    fn pack() {}

    /// Three retries are four attempts. The pause before a retry doubles each time, unless the error names one.
    #[task(retries = 3, backoff = "10ms")]
    fn deliver(&self, address: String) -> Result<(), DeliveryError> {
        self.courier.ring_at(&address)
    }

    fn on_started(&self, identifier: &str) {
        println!("{identifier} has started");
    }

    /// Goes round every attempt of every task. What it returns is what counts.
    async fn around_task(&self, context: &Context, next: Next<'_>) -> Result<(), TaskError> {
        let begun = Instant::now();
        let result = next.run().await;
        let (task, attempt, time) = (context.task(), context.attempt(), begun.elapsed().as_millis());
        println!("  {task}, attempt {attempt}, took {time} ms");
        result
    }

    fn on_task_failed(&self, context: &Context, error: &TaskError) {
        println!("  {} has failed: {error}", context.task());
    }

    fn on_completed(&self, identifier: &str) {
        println!("{identifier} is delivered");
    }

    fn on_failed(&self, identifier: &str, step: &str, error: &TaskError) {
        println!("{identifier} has failed in {step}: {error}");
    }

    fn on_cancelled(&self, identifier: &str) {
        println!("{identifier} was cancelled");
    }
}

/// What a failed attempt means. An ordinary error is retried; one whose source is a signal means what the signal says.
#[derive(Debug, Error)]
enum DeliveryError {
    #[error("nobody opens")]
    NobodyOpens,
    #[error("they ask to come back later")]
    ComeBack(#[from] RetryAfter),
    #[error("there is no such house")]
    NoSuchHouse(#[from] NonRetryableProcessError),
    #[error("they do not want it any more")]
    Unwanted(#[from] CancelProcessError),
}

/// Rings at doors, and counts how often.
#[derive(Default)]
struct Courier {
    rings: AtomicU32,
}

impl Courier {
    fn ring_at(&self, address: &str) -> Result<(), DeliveryError> {
        let ring = self.rings.fetch_add(1, Ordering::Relaxed) + 1;
        match (address, ring) {
            ("Nowhere 7", _) => Err(NonRetryableProcessError::new("it is a field").into()),
            ("Change Alley 3", _) => Err(CancelProcessError::new("they have moved").into()),
            (_, 1) => Err(DeliveryError::NobodyOpens),
            (_, 2) => Err(RetryAfter::new(Duration::from_millis(50), "it is lunchtime").into()),
            _ => Ok(()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    for (number, address) in ["Main Street 1", "Nowhere 7", "Change Alley 3"].into_iter().enumerate() {
        let registry = Registry::new().with(Delivery { courier: Courier::default() })?;
        let process = Delivery::process(DeliveryArgs { address: address.into() })
            .identifier(format!("parcel-{}", number + 1))
            .registry(&registry)
            .build()?;
        match process.run().await {
            Ok(()) => println!("= completed\n"),
            Err(error) => println!("= {error}\n"),
        }
    }
    Ok(())
}
