use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(name: String, context: &Context) {
        process! { seq { create; } }
    }

    #[task]
    fn create(&self, name: String) {
        let _ = name;
    }
}

fn main() {}
