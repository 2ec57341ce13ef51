#![allow(clippy::too_many_arguments)]
use tasktronaut::prelude::*;

#[derive(Default)]
struct Many;

#[process]
impl Many {
    fn define_process(a0: u8, a1: u16, a2: u32, a3: u64, a4: u8, a5: u16, a6: u32, a7: u64, a8: u8, a9: u16, a10: u32, a11: u64, a12: u8, a13: u16, a14: u32, a15: u64, a16: u8, a17: u16, a18: u32, a19: u64, a20: u8, a21: u16, a22: u32, a23: u64, a24: u8, a25: u16, a26: u32, a27: u64, a28: u8, a29: u16, a30: u32, a31: u64, a32: u8, a33: u16, a34: u32, a35: u64, a36: u8, a37: u16, a38: u32, a39: u64) {
        process! { seq { show; later; } }
    }

    #[task]
    fn show(&self, a0: u8, a1: u16, a2: u32, a3: u64, a4: u8, a5: u16, a6: u32, a7: u64, a8: u8, a9: u16, a10: u32, a11: u64, a12: u8, a13: u16, a14: u32, a15: u64, a16: u8, a17: u16, a18: u32, a19: u64, a20: u8, a21: u16, a22: u32, a23: u64, a24: u8, a25: u16, a26: u32, a27: u64, a28: u8, a29: u16, a30: u32, a31: u64, a32: u8, a33: u16, a34: u32, a35: u64, a36: u8, a37: u16, a38: u32, a39: u64) {
        let _ = a0;
        let _ = [u64::from(a1), u64::from(a2), u64::from(a4), u64::from(a5), u64::from(a6), u64::from(a8), u64::from(a9), u64::from(a10), u64::from(a12), u64::from(a13), u64::from(a14), u64::from(a16), u64::from(a17), u64::from(a18), u64::from(a20), u64::from(a21), u64::from(a22), u64::from(a24), u64::from(a25), u64::from(a26), u64::from(a28), u64::from(a29), u64::from(a30), u64::from(a32), u64::from(a33), u64::from(a34), u64::from(a36), u64::from(a37), u64::from(a38), a3, a7, a11, a15, a19, a23, a27, a31, a35, a39];
    }

    #[task]
    async fn later(&self, a0: u8, a1: u16, a2: u32, a3: u64, a4: u8, a5: u16, a6: u32, a7: u64, a8: u8, a9: u16, a10: u32, a11: u64, a12: u8, a13: u16, a14: u32, a15: u64, a16: u8, a17: u16, a18: u32, a19: u64, a20: u8, a21: u16, a22: u32, a23: u64, a24: u8, a25: u16, a26: u32, a27: u64, a28: u8, a29: u16, a30: u32, a31: u64, a32: u8, a33: u16, a34: u32, a35: u64, a36: u8, a37: u16, a38: u32, a39: u64) {
        let _ = (a1, a2);
        let _ = [u64::from(a0), u64::from(a1), u64::from(a2), u64::from(a4), u64::from(a5), u64::from(a6), u64::from(a8), u64::from(a9), u64::from(a10), u64::from(a12), u64::from(a13), u64::from(a14), u64::from(a16), u64::from(a17), u64::from(a18), u64::from(a20), u64::from(a21), u64::from(a22), u64::from(a24), u64::from(a25), u64::from(a26), u64::from(a28), u64::from(a29), u64::from(a30), u64::from(a32), u64::from(a33), u64::from(a34), u64::from(a36), u64::from(a37), u64::from(a38), a3, a7, a11, a15, a19, a23, a27, a31, a35, a39];
    }
}

fn main() {
    let arguments = ManyArgs { a0: 0, a1: 1, a2: 2, a3: 3, a4: 4, a5: 5, a6: 6, a7: 7, a8: 8, a9: 9, a10: 10, a11: 11, a12: 12, a13: 13, a14: 14, a15: 15, a16: 16, a17: 17, a18: 18, a19: 19, a20: 20, a21: 21, a22: 22, a23: 23, a24: 24, a25: 25, a26: 26, a27: 27, a28: 28, a29: 29, a30: 30, a31: 31, a32: 32, a33: 33, a34: 34, a35: 35, a36: 36, a37: 37, a38: 38, a39: 39 };
    Many::process(arguments).build().unwrap();
}
