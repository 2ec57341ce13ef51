mod renamed {
    pub use tasktronaut::*;
}

mod inner {
    use crate::renamed::prelude::*;

    #[derive(Default)]
    pub struct Album;

    #[process(crate = crate::renamed)]
    impl Album {
        fn define_process(name: String) {
            process! { seq { show; } }
        }

        #[task]
        fn show(name: String) {
            let _ = name;
        }
    }

    #[derive(Default)]
    pub struct Written;

    #[process(crate = ::tasktronaut)]
    impl Written {
        fn define_process(&self, builder: &mut Builder<Self>) {
            process! { builder => show; }
        }

        #[task]
        fn show() {}
    }
}

fn main() {
    inner::Album::process(inner::AlbumArgs { name: "a".into() }).build().unwrap();
    inner::Written::process(tasktronaut::Arguments::new()).build().unwrap();
}
