use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {
    path: String,
    size: u8,
}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String) {
        process! {
            seq { each photos { sub Cver; } }
        }
    }

    #[each]
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }
}

#[derive(Default)]
struct Cover;

#[process]
impl Cover {
    fn define_process(path: String) {
        process! { seq { draw; } }
    }

    #[task]
    fn draw(&self) {}
}

fn main() {}
