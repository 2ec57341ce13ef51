struct Album;

#[tasktronaut::process]
#[cfg(any())]
impl Album {
    fn define_process(album: Missing) {
        process! { seq { resize; } }
    }

    #[task]
    fn resize(&self, album: Missing) {}
}

fn main() {
    let _ = Album;
}
