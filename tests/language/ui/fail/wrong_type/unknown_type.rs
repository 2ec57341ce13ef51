use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: Title) {
        process! {
            seq { resize; each path in album { resize; } }
        }
    }

    #[task]
    fn resize(&self, album: Heading) {
        let _ = album;
    }
}

fn main() {}
