use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

const SIZE: u8 = 4;

#[process]
impl Album {
    fn define_process(
        #[default("untitled")] album: String,
        #[default] photos: Vec<String>,
        #[default(SIZE + 1)] size: u8,
        note: Option<String>,
    ) {
        process! { seq { show; extra; } }
    }

    #[task]
    fn show(&self, album: String, photos: Vec<String>, size: u8, note: Option<String>) {
        let _ = (album, photos, size, note);
    }

    #[task]
    fn extra(&self, size: Option<u8>, unheard_of: Option<String>, #[default(3)] times: u8) {
        let _ = (size, unheard_of, times);
    }
}

fn main() {
    let arguments = AlbumArgs::default();
    assert_eq!((arguments.album.as_str(), arguments.size, &arguments.note), ("untitled", 5, &None));
    Album::process(arguments).build().unwrap();
    let json = serde_json::to_string(&AlbumArgs::new()).unwrap();
    assert_eq!(json, r#"{"album":"untitled","photos":[],"size":5,"note":null}"#);
    assert_eq!(serde_json::from_str::<AlbumArgs>("{}").unwrap().size, 5);
}
