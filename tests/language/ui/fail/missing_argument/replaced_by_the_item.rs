use tasktronaut::prelude::*;

#[derive(Serialize)]
struct Photo {
    path: String,
}

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String) {
        process! {
            seq { each photos { tell; } }
        }
    }

    #[task]
    fn tell(&self, album: String) {
        let _ = album;
    }

    #[each]
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }
}

fn main() {}
