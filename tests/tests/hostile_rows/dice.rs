//! [`Dice`]: what is spoilt, and how; always the same.

/// Numbers that rows do not expect.
const NUMBERS: [i64; 9] = [-1, 0, 1, 3, 77, 4_294_967_295, 4_294_967_296, i64::MAX, i64::MIN];

/// Random numbers (`SplitMix64`).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % limit
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    pub fn number(&mut self) -> i64 {
        *self.one_of(&NUMBERS)
    }

    /// Some bytes cut off, appended or changed.
    pub fn spoil(&mut self, bytes: &mut Vec<u8>) {
        match self.below(4) {
            _ if bytes.is_empty() => *bytes = self.bytes(),
            0 => bytes.truncate(self.below(bytes.len())),
            1 => bytes.extend(self.bytes()),
            _ => {
                for _ in 0..=self.below(4) {
                    let at = self.below(bytes.len());
                    bytes[at] = self.byte();
                }
            }
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(40)).map(|_| self.byte()).collect()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}
