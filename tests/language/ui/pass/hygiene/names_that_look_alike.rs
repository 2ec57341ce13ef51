//! Names that differ by a `_`, by where it stands or by `r#` alone are names of their own.
use tasktronaut::prelude::*;

#[derive(Default)]
struct Address;

#[derive(Serialize)]
struct Parcel {
    path: String,
    image_path: String,
}

#[process]
impl Address {
    fn define_process(line_1: String, line1: String, _unused: u8, image_path: String) {
        process! {
            seq {
                step_1;
                step1;
                step__1;
                transform parcel { resize; resize_image; again; }
            }
        }
    }

    #[task]
    fn step_1(&self, line_1: String, line1: String) {
        assert_eq!([line_1, line1], ["with", "without"]);
    }

    #[task]
    fn step1(&self, line1: String) {
        assert_eq!(line1, "without");
    }

    #[task]
    #[allow(non_snake_case)]
    fn step__1(&self, _unused: u8, line_1: String) {
        assert_eq!(line_1, "with");
    }

    #[transform]
    fn parcel(&self, image_path: String) -> Parcel {
        Parcel { path: "path".into(), image_path }
    }

    #[task]
    fn resize(&self, image_path: String) {
        assert_eq!(image_path, "image");
    }

    #[task]
    fn resize_image(&self, path: String) {
        assert_eq!(path, "path");
    }

    #[task]
    fn again(&self, r#path: String) {
        assert_eq!(r#path, "path");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = AddressArgs {
        line_1: "with".into(),
        line1: "without".into(),
        _unused: 0,
        image_path: "image".into(),
    };
    Address::process(arguments).build().unwrap().run().await.unwrap();
}
