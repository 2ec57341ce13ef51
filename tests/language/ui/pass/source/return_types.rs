use std::collections::{BTreeMap, HashMap};

use tasktronaut::prelude::*;

#[derive(Default)]
struct Album {
    names: Vec<String>,
}

#[derive(Serialize, Clone)]
struct Photo {
    path: String,
}

type Outcome<T> = Result<T, std::io::Error>;
type PhotoResult = Result<Vec<Photo>, Box<dyn std::error::Error + Send + Sync>>;

#[process]
impl Album {
    fn define_process(path: String) {
        process! {
            seq {
                each array { show; }
                each option { show; }
                each iterator { show; }
                each borrowed { show; }
                each result { show; }
                each boxed { show; }
                each later { show; }
                each later_result { show; }
                each described { show; }
                each maps { show; }
                each values { show; }
                each trees { show; }
                each arguments { show; }
                each nothing { show; }
                transform one { show; }
                transform value { show; }
                transform one_later { show; }
                transform one_result { show; }
            }
        }
    }

    #[task]
    fn show(path: String) {
        let _ = path;
    }

    #[each]
    fn array() -> [Photo; 2] {
        [photo(), photo()]
    }

    #[each]
    fn option(path: String) -> Option<Photo> {
        Some(Photo { path })
    }

    #[each]
    fn iterator(&self) -> impl Iterator<Item = Photo> {
        self.names.iter().map(|name| Photo { path: name.clone() })
    }

    #[each]
    fn borrowed<'a>(&'a self) -> Box<dyn Iterator<Item = Photo> + 'a> {
        Box::new(self.names.iter().map(|name| Photo { path: name.clone() }))
    }

    #[each]
    fn result() -> std::io::Result<Vec<Photo>> {
        Ok(vec![photo()])
    }

    #[each]
    fn boxed() -> PhotoResult {
        Ok(vec![photo()])
    }

    #[each]
    async fn later(&self) -> Vec<Photo> {
        vec![photo()]
    }

    #[each]
    async fn later_result(&self) -> Result<Vec<Photo>, TaskError> {
        Ok(vec![photo()])
    }

    #[each]
    fn described(&self) -> Vec<Described<Photo>> {
        vec![Described::new(photo(), "x")]
    }

    #[each]
    fn maps(&self) -> Vec<HashMap<&'static str, String>> {
        vec![HashMap::from([("path", "x".to_owned())])]
    }

    #[each]
    fn values(&self) -> Vec<serde_json::Value> {
        vec![serde_json::json!({ "path": "x" })]
    }

    #[each]
    fn trees(&self) -> Vec<Described<BTreeMap<String, String>>> {
        vec![Described::new(BTreeMap::from([("path".to_owned(), "x".to_owned())]), "x")]
    }

    #[each]
    fn arguments(&self) -> Vec<Arguments> {
        vec![tasktronaut::arguments! { path: "x" }]
    }

    #[each]
    fn nothing(&self) -> std::iter::Empty<Photo> {
        std::iter::empty()
    }

    #[transform]
    fn one(&self) -> Photo {
        photo()
    }

    #[transform]
    fn value(&self) -> serde_json::Value {
        serde_json::json!({ "path": "x" })
    }

    #[transform]
    async fn one_later(path: String) -> Photo {
        Photo { path }
    }

    #[transform]
    fn one_result(&self) -> Result<Photo, std::fmt::Error> {
        Ok(photo())
    }
}

fn photo() -> Photo {
    Photo { path: "x".into() }
}

fn main() {
    let _: Outcome<()> = Ok(());
    let process = Album::process(AlbumArgs { path: "p".into() }).build().unwrap();
    assert_eq!(process.tasks().count(), 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 4);
}
