use tasktronaut::prelude::*;

#[derive(Default, Serialize, Deserialize, Clone)]
struct Album {
    name: String,
}

trait Named {
    type Name;
}

impl Named for Album {
    type Name = String;
}

#[derive(Serialize)]
struct Item<T> {
    album: T,
}

impl Album {
    const SIZE: usize = 2;
}

#[process]
impl Album {
    fn define_process(album: Self, others: Vec<Self>, sizes: [u8; Self::SIZE], name: <Self as Named>::Name) {
        process! {
            seq {
                show;
                size;
                each others { show; }
            }
        }
    }

    #[task]
    fn show(&self, album: Self) {
        let _ = album.name;
    }

    #[task]
    fn size(&self, sizes: [u8; Self::SIZE], name: <Self as Named>::Name) {
        let _ = (sizes, name);
    }

    #[each]
    fn others(&self, others: Vec<Self>) -> Vec<Item<Self>> {
        others.into_iter().map(|album| Item { album }).collect()
    }
}

fn main() {
    let album = Album::default();
    let arguments = AlbumArgs { album: album.clone(), others: vec![album], sizes: [1, 2], name: "x".into() };
    assert_eq!(Album::process(arguments).build().unwrap().tasks().count(), 3);
}
