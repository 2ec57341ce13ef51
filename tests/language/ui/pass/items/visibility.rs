#![deny(warnings)]

pub mod albums {
    use tasktronaut::prelude::*;

    mod private {
        #[derive(serde::Serialize, serde::Deserialize)]
        pub struct Name(pub String);
    }

    #[derive(serde::Serialize, serde::Deserialize)]
    pub(crate) struct Secret(String);

    #[derive(Default)]
    pub struct Album;

    #[process]
    impl Album {
        fn define_process(name: private::Name, secret: Secret) {
            process! { seq { show; tell; } }
        }

        #[task]
        fn show(name: private::Name) {
            let _ = name.0;
        }

        #[task]
        fn tell(secret: Secret) {
            let _ = secret.0;
        }
    }

    pub fn start() {
        Album::process(AlbumArgs { name: private::Name(String::new()), secret: Secret(String::new()) }).build().unwrap();
    }
}

fn main() {
    albums::start();
}
