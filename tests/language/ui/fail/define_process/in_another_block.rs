use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(name: String) {
        process! { seq { create; } }
    }

    #[task]
    fn create(&self, name: String) {
        let _ = name;
    }
}

#[process]
impl Album {
    #[task]
    fn another(&self) {}
}

fn main() {
    let _ = Album::process(AlbumArgs { name: String::new() });
}
