//! The arguments of a process and those of each of its tasks and sources can be written and read by themselves.

use serde::de::DeserializeOwned;
use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(album: String, photos: Vec<String>, note: Option<String>) {
        process! { seq { show; each pictures { resize; } } }
    }

    // What is generated for a task has a name in what is generated only, and a default value stands there.
    #[task]
    fn show(
        &self,
        album: String,
        #[default(tried::<__ShowArgs, _>(SHOW, SHOW_FILLED, 3))] times: u8,
        note: Option<String>,
    ) {
        assert_eq!((album.as_str(), times, note), ("Summer", 3, None));
    }

    #[task]
    fn resize(&self, r#type: String, #[default(tried::<__ResizeArgs, _>(RESIZE, RESIZE, Size::Wide(1, 2)))] size: Size) {
        let Size::Wide(width, height) = size;
        assert_eq!((r#type.as_str(), width, height), ("a", 1, 2));
    }

    #[each]
    fn pictures(
        &self,
        photos: Vec<String>,
        #[default(tried::<__PicturesArgs, _>(PICTURES, PICTURES, 3))] times: u8,
    ) -> Vec<Picture> {
        assert_eq!(times, 3);
        photos.into_iter().map(|r#type| Picture { r#type }).collect()
    }
}

#[derive(Serialize)]
struct Picture {
    r#type: String,
}

#[derive(Serialize, Deserialize)]
enum Size {
    Wide(u8, u8),
}

const SHOW: &str = r#"{"album":"Summer","times":3}"#;
const SHOW_FILLED: &str = r#"{"album":"Summer","times":3,"note":null}"#;
const RESIZE: &str = r#"{"type":"jpg","size":{"Wide":[1,2]}}"#;
const PICTURES: &str = r#"{"photos":["a"],"times":3}"#;

/// Reads, writes and reads again; gives the default value.
fn tried<A: Serialize + DeserializeOwned, T>(text: &str, written: &str, default: T) -> T {
    let arguments: A = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&arguments).unwrap(), written);
    let again: A = serde_json::from_value(serde_json::to_value(&arguments).unwrap()).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
    assert!(serde_json::from_str::<A>("{}").is_err());
    assert!(serde_json::from_str::<A>("[1, 2]").is_err());
    default
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = AlbumArgs { album: "Summer".into(), photos: vec!["a".into()], note: None };
    let text = serde_json::to_string(&arguments).unwrap();
    assert_eq!(text, r#"{"album":"Summer","photos":["a"],"note":null}"#);
    let arguments: AlbumArgs = serde_json::from_str(&text).unwrap();
    Album::process(arguments).build().unwrap().run().await.unwrap();
}
