//! What is no task stays as it is.
use tasktronaut::prelude::*;

struct Album {
    pool: &'static str,
}

#[process]
impl Album {
    const NAME: &'static str = "album";

    pub fn new(pool: &'static str) -> Self {
        Self { pool }
    }

    fn define_process() {
        process! { seq { show; } }
    }

    #[task]
    /// Shows it.
    #[inline]
    pub fn show(&self) {
        let format = |text: &str| format!("{text} {} {}", self.pool, Self::NAME);
        let _ = self.helper::<u8>(format("x").into());
    }

    fn helper<T>(&self, text: Box<str>) -> (Option<T>, Box<str>) {
        (None, text)
    }
}

fn main() {
    Album::new("pool").show();
}
