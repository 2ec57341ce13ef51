use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Serialize)]
struct Size {
    size: u8,
}

#[process]
impl Album {
    fn define_process(album: String, size: String) {
        process! {
            seq {
                each sizes { show; each more { show; } }
                transform smaller { show; }
                each sizes { sub Child; }
            }
        }
    }

    #[task]
    fn show(album: String, size: u8) {
        let _ = (album, size);
    }

    #[each(extend)]
    fn sizes(&self) -> Vec<Size> {
        vec![Size { size: 1 }, Size { size: 2 }]
    }

    #[each(extend)]
    fn more(&self, album: String) -> Vec<Size> {
        vec![Size { size: album.len() as u8 }]
    }

    #[transform(extend, description = "Smaller")]
    fn smaller(&self) -> Size {
        Size { size: 0 }
    }
}

#[derive(Default)]
struct Child;

#[process]
impl Child {
    fn define_process(album: String, size: u8) {
        process! { seq { show; } }
    }

    #[task]
    fn show(album: String, size: u8) {
        let _ = (album, size);
    }
}

fn main() {
    let process = Album::process(AlbumArgs { album: "a".into(), size: "s".into() }).build().unwrap();
    assert_eq!(process.tasks().count(), 2 + 2 + 1 + 2);
}
