//! A generic type may be a process, for each of its kinds.
use std::marker::PhantomData;

use tasktronaut::prelude::*;

struct Album<T>(PhantomData<T>);

impl Default for Album<u8> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

#[process(name = "album-u8")]
impl Album<u8> {
    fn define_process(size: u8) {
        process! { seq { show; sub Parent; } }
    }

    #[task]
    async fn show(&self, size: u8) -> Result<(), TaskError> {
        let _ = size;
        Ok(())
    }
}

#[derive(Default)]
struct Parent;

#[process]
impl Parent {
    fn define_process(size: u8) {
        process! { seq { rest; } }
    }

    #[task]
    fn rest() {}
}

#[derive(Default)]
struct Outer;

#[process]
impl Outer {
    fn define_process(size: u8) {
        process! { seq { sub Album<u8>; } }
    }
}

fn main() {
    assert_eq!(Outer::process(OuterArgs { size: 1 }).build().unwrap().tasks().count(), 2);
}
