//! A `macro_rules!` may hand on types and bodies, and the crate may stand under any path.
#![allow(non_camel_case_types)]

mod facade {
    pub use tasktronaut;
    pub use tasktronaut::{process, task, transform};
}

use tasktronaut::prelude::{Arguments, arguments};

macro_rules! made {
    ($name:ident, $kind:ty, $body:block) => {
        #[derive(Default)]
        struct $name;

        #[facade::process(crate = ::tasktronaut)]
        impl $kind {
            fn define_process(size: u8) {
                tasktronaut::process! { seq { show; transform files { each path in paths { print; } } } }
            }

            #[facade::task]
            fn show(&self, size: u8) {
                let _ = size;
                Self::helper()
            }

            #[facade::task]
            fn print(&self, path: String) {
                let _ = path;
            }

            #[facade::transform]
            fn files(&self) -> Arguments {
                arguments! { paths: ["a", "b"] }
            }

            fn on_started(self: &Self, _identifier: &str) {}

            fn helper() $body
        }
    };
}

made!(Album, Album, { assert_eq!(1 + 1, 2) });

#[derive(Default)]
struct r#type;

#[facade::process(crate = ::tasktronaut, name = "raw")]
impl r#type {
    fn define_process(name: String) {
        process! { seq { show; transform sized { sub Album; } } }
    }

    #[task]
    fn show(&self, name: String) {
        let _ = name;
    }

    #[transform]
    fn sized(&self) -> Arguments {
        arguments! { size: 1 }
    }
}

fn main() {
    let process = Album::process(AlbumArgs { size: 1 }).build().unwrap();
    assert_eq!(process.tasks().count(), 3);
}
