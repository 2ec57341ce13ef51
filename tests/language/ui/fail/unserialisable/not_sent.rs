use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

use std::rc::Rc;

#[process]
impl Album {
    fn define_process(name: Rc<String>) {
        process! {
            seq { show; }
        }
    }

    #[task]
    fn create(&self, album: String) {
        drop(album);
    }

    #[task]
    fn resize(&self, path: String) {
        drop(path);
    }

    #[task]
    fn show(&self, name: Rc<String>) {
        drop(name);
    }
}

fn main() {}
