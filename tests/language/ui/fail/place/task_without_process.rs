use tasktronaut::prelude::*;

struct Album;

impl Album {
    #[task(retries = 3)]
    fn resize(&self) {}

    #[each]
    fn photos(&self) -> Vec<String> {
        Vec::new()
    }

    #[transform]
    fn settings(&self) -> String {
        String::new()
    }
}

fn main() {}
