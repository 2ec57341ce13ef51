use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(&self, builder: &mut Builder<Self>) {
        builder.task("watermark");
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self) {}

    #[task]
    fn watermark(&self) {}
}

fn main() {}
