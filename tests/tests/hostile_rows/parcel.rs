//! The processes: parcels, which have a bit of everything.

use tasktronaut::prelude::*;

#[derive(Default)]
pub struct Parcel;

#[process]
impl Parcel {
    fn define_process(number: u64) {
        process! { seq { pack; par { weigh; label; sub Stamp; } send; } }
    }

    #[task]
    fn pack(&self, number: u64) {
        let _ = number;
    }

    #[task(retries = 1, backoff = "1ms")]
    #[allow(clippy::unused_async)] // an async task
    async fn weigh(&self, context: &Context, number: u64) -> Result<(), BoxError> {
        // Some need a second attempt.
        if number.is_multiple_of(3) && context.attempt() == 1 { Err("it slipped".into()) } else { Ok(()) }
    }

    #[task]
    fn label(&self) {}

    #[task]
    fn send(&self) {}
}

#[derive(Default)]
struct Stamp;

#[process]
impl Stamp {
    fn define_process() {
        process! { seq { lick; stick; } }
    }

    #[task]
    fn lick(&self) {}

    #[task]
    fn stick(&self) {}
}

/// So many parcels, called `prefix-0`, `prefix-1` and so on.
pub fn parcels(prefix: &str, count: usize) -> Vec<Process> {
    let parcel = |number: usize| {
        Parcel::process(ParcelArgs { number: number as u64 }).identifier(format!("{prefix}-{number}")).build()
    };
    (0..count).map(|number| parcel(number).unwrap()).collect()
}
