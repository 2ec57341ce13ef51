//! [`Random`]: random numbers for scripts, which have none of their own.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::backend::record::WorkerId;

/// Random numbers, of which the first comes from the system and the others are made of it: asking the system each time
/// takes longer than the rest of a call.
pub(super) struct Random {
    state: AtomicU64,
}

impl Random {
    pub(super) fn new() -> Self {
        let random = WorkerId::random().as_u128();
        Self { state: AtomicU64::new(u64::try_from(random >> 64).unwrap_or(u64::MAX)) }
    }

    /// The next number: a step of `SplitMix64`.
    pub(super) fn next(&self) -> u32 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or(u32::MAX)
    }
}
