use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { resize; show; }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn show(&self) {}

    #[each]
    fn photos(&mut self) -> Vec<Photo> {
        Vec::new()
    }
}

fn main() {}
