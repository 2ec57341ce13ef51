use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq {
                rezise;
                par { 42; watermark }
                each phots { resize; }
            }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[each]
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }
}

fn main() {}
