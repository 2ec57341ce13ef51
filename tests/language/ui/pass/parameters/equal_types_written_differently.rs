use std::path::PathBuf;

use tasktronaut::prelude::*;

type Name = String;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(name: std::string::String, path: PathBuf, names: Vec<Name>) {
        process! { seq { show; each name_of in names { tell; } } }
    }

    #[task]
    fn show(&self, name: Name, path: std::path::PathBuf) {
        let _ = (name, path);
    }

    #[task]
    fn tell(&self, mut name_of: String) {
        name_of.clear();
    }
}

fn main() {}
