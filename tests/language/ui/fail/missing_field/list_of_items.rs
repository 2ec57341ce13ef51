use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[derive(Serialize)]
struct Photo {
    path: String,
}

#[derive(Default)]
struct Cover;

#[process]
impl Cover {
    fn define_process(path: String) {
        process! { seq { draw; } }
    }

    #[task]
    fn draw(&self, path: String) {
        let _ = path;
    }
}

#[process]
impl Album {
    fn define_process() {
        process! {
            seq { transform photos { resize; show; sub Cover; } }
        }
    }

    #[transform]
    fn photos(&self) -> Vec<Photo> {
        Vec::new()
    }

    #[task]
    fn resize(&self, path: String) {
        let _ = path;
    }

    #[task]
    fn show(&self, path: String) {
        let _ = path;
    }
}

fn main() {}
