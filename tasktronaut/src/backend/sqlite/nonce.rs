//! Random numbers for fences (`R3`).

/// Gives out random numbers that are not zero.
///
/// They need not be secret, only different from those that other claims of the same job have got: a good mixture of
/// a random beginning and a counter is that, and costs no system call for each claim (`SplitMix64`).
#[derive(Debug)]
pub(super) struct Nonces {
    state: u64,
}

impl Default for Nonces {
    fn default() -> Self {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        Self { state: high ^ low.rotate_left(32) }
    }
}

impl Nonces {
    /// Another number.
    pub fn number(&mut self) -> i64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).cast_signed()
    }

    /// A nonce: 32 bits, not zero.
    pub fn nonce(&mut self) -> u32 {
        loop {
            let [a, b, c, d, ..] = self.number().to_le_bytes();
            let nonce = u32::from_le_bytes([a, b, c, d]);
            if nonce != 0 {
                return nonce;
            }
        }
    }
}
