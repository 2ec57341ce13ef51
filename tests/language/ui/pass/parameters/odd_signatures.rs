use tasktronaut::prelude::*;

#[derive(Default)]
struct Album;

#[process]
impl Album {
    fn define_process(
        /// Where the pictures are.
        #[allow(clippy::ptr_arg)]
        path: String,
    ) {
        process! { seq { changed; typed; attributes; bound; lifetimes; private; nothing_of_it; } }
    }

    #[task]
    fn changed(&self, mut path: String) {
        path.clear();
    }

    #[task]
    fn typed(self: &Self, path: String) {
        drop(path);
    }

    #[task]
    async fn attributes(
        #[allow(unused)] &self,
        /// Where the pictures are.
        #[allow(unused_variables)]
        path: String,
        #[cfg_attr(all(), allow(unused_variables))] context: &Context,
    ) {
    }

    #[task]
    fn bound(&self, path: String)
    where
        Self: Sized,
    {
        drop(path);
    }

    #[task]
    async fn lifetimes<'a>(&'a self, context: &'a Context, path: String) {
        let _: (&'a Context, String) = (context, path);
    }

    #[task]
    pub(crate) fn private(path: String) -> Result<usize, BoxError> {
        Ok(path.len())
    }

    #[task]
    fn nothing_of_it() {}
}

fn main() {
    let process = Album::process(AlbumArgs { path: "a".into() }).build().unwrap();
    assert_eq!(process.tasks().count(), 7);
}
