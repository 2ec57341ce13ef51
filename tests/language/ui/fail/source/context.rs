use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { each photos { resize; } }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}

    #[each]
    fn photos(&self, context: &Context) -> Vec<Photo> {
        let _ = context.task();
        Vec::new()
    }
}

fn main() {}
