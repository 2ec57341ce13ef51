//! Tasks, sources and hooks behind `#[cfg(..)]`.
use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Serialize)]
struct Photo {
    path: String,
}

#[process]
impl Album {
    fn define_process(album: String) {
        process! { seq { first; second; third; each photos { show; } each last_photos { show; } } }
    }

    #[cfg(any())]
    #[task]
    fn never(&self, missing: Missing) {}

    #[task]
    fn first(&self) {}

    #[cfg(all())]
    #[task]
    fn second(&self, album: String) {
        let _ = album;
    }

    #[cfg(any())]
    #[task]
    fn third(&self, album: Missing) {}

    #[cfg(not(any()))]
    #[task]
    fn third(&self, album: String) {
        let _ = album;
    }

    #[cfg_attr(all(), allow(clippy::unused_self))]
    #[task]
    fn show(&self, path: String) {
        let _ = path;
    }

    #[cfg(any())]
    #[each]
    fn no_photos(&self) -> Missing {}

    #[each]
    fn photos(&self) -> Vec<Photo> {
        vec![Photo { path: "a".into() }]
    }

    #[cfg(all())]
    #[each]
    fn last_photos(&self, album: String) -> Vec<Photo> {
        vec![Photo { path: album }]
    }

    #[cfg(any())]
    async fn on_started(&self, identifier: &str) {
        missing();
    }

    #[cfg(all())]
    async fn on_completed(&self, identifier: &str) {
        let _ = identifier.len();
    }
}

fn main() {
    let process = Album::process(AlbumArgs { album: "x".into() }).build().unwrap();
    let tasks: Vec<_> = process.tasks().filter_map(|task| task.task()).collect();
    assert_eq!(tasks, ["first", "second", "third", "show", "show"]);
}
