use tasktronaut::prelude::*;

struct Album {
    _shared: std::rc::Rc<String>,
}

#[process]
impl Album {
    fn define_process(album: String) {
        process! { seq { show; } }
    }

    #[task]
    fn show(&self, album: String) {
        let _ = album;
    }
}

fn main() {}
