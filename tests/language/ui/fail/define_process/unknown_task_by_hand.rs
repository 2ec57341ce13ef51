use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(&self, builder: &mut Builder<Self>) {
        if builder.option("small").is_some() {
            process! { builder => rezise; par { resize; watermark } }
        }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
