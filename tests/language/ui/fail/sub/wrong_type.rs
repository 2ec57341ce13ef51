use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: u8) {
        process! {
            seq { sub Cover; }
        }
    }
}

#[derive(Default)]
struct Cover;

#[process]
impl Cover {
    fn define_process(album: String, #[default] size: u8) {
        process! { seq { draw; } }
    }

    #[task]
    fn draw(&self, album: String, size: u8) {
        let _ = (album, size);
    }
}

fn main() {}
